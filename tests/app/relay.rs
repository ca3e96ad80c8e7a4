//! The wire between the program and a server, which can be cut, mended and held still.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the wire does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// It carries.
    Whole,
    /// Connections end, new ones are refused.
    Cut,
    /// New connections are accepted, and then nothing comes any more.
    Still,
    /// Once this many bytes went out, the answers to them are lost.
    Deaf(u64),
}

/// A wire to a port of this machine.
pub struct Relay {
    pub port: u16,
    state: Arc<watch::Sender<Wire>>,
    _task: JoinSet<()>,
}

impl Relay {
    /// Starts to carry.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(watch::Sender::new(Wire::Whole));
        let mut task = JoinSet::new();
        task.spawn(carry(listener, target, state.subscribe()));
        Self {
            port,
            state,
            _task: task,
        }
    }

    /// Changes what the wire does; all connections end.
    pub fn set(&self, wire: Wire) {
        self.state.send_replace(wire);
    }
}

async fn carry(listener: TcpListener, target: u16, mut state: watch::Receiver<Wire>) {
    let port = listener.local_addr().unwrap().port();
    let mut listener = Some(listener);
    loop {
        let wire = *state.borrow_and_update();
        if wire == Wire::Cut {
            listener = None;
            if state.changed().await.is_err() {
                return;
            }
            continue;
        }
        if listener.is_none() {
            let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
            listener = Some(bound.unwrap());
        }
        let mut connections = JoinSet::new();
        while *state.borrow() == wire {
            tokio::select! {
                accepted = listener.as_ref().unwrap().accept() => {
                    connections.spawn(connect(accepted.unwrap().0, target, wire));
                }
                changed = state.changed() => if changed.is_err() { return },
            }
        }
    }
}

async fn connect(mut near: TcpStream, target: u16, wire: Wire) {
    if wire == Wire::Still {
        std::future::pending::<()>().await;
    }
    let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else {
        return;
    };
    let _ = near.set_nodelay(true);
    let _ = far.set_nodelay(true);
    if let Wire::Deaf(limit) = wire {
        return deafen(near, far, limit).await;
    }
    let _ = copy_bidirectional(&mut near, &mut far).await;
}

/// Carries everything out, and answers only until the limit is reached.
async fn deafen(near: TcpStream, far: TcpStream, limit: u64) {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let answers = tokio::spawn(async move { copy(&mut from_far, &mut to_near).await });
    let mut first = (&mut from_near).take(limit);
    if copy(&mut first, &mut to_far)
        .await
        .is_ok_and(|all| all == limit)
    {
        answers.abort();
        let _ = copy(&mut from_near, &mut to_far).await;
    }
}
