//! A Secret Service of our own on a bus of our own, with the habits a story needs.
//!
//! It keeps secrets as they come: its public key is 1, so that every client's session key is the same one.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the interface and its macro give the methods their shape"
)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, ObjectServer, connection, fdo, interface};

const ROOT: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/1";

/// A message bus that starts nothing by itself.
pub struct Bus {
    daemon: Child,
    /// For `DBUS_SESSION_BUS_ADDRESS`.
    pub address: String,
    _folder: tempfile::TempDir,
}

impl Bus {
    /// Starts a bus with nobody on it.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:dir={}</listen><auth>EXTERNAL</auth>\
             <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>\
             <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
            folder.path().display()
        );
        std::fs::write(&config, text).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon, which tests/run installs");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            daemon,
            address: address.trim().to_owned(),
            _folder: folder,
        }
    }

    /// Puts a Secret Service on the bus; it leaves when the connection is dropped.
    pub async fn serve(&self, habit: Habit) -> Connection {
        let is_locked = !matches!(habit, Habit::Open | Habit::Mute);
        let state = Arc::new(State {
            habit,
            is_locked: Mutex::new(is_locked),
            items: Mutex::default(),
        });
        let place = |path: &'static str| ObjectPath::try_from(path).unwrap();
        connection::Builder::address(self.address.as_str())
            .unwrap()
            .serve_at(place(ROOT), Service(Arc::clone(&state)))
            .unwrap()
            .serve_at(place(COLLECTION), Collection(Arc::clone(&state)))
            .unwrap()
            .serve_at(place(PROMPT), Prompt(state))
            .unwrap()
            .name("org.freedesktop.secrets")
            .unwrap()
            .build()
            .await
            .unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// How a Secret Service behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Habit {
    /// Unlocked.
    Open,
    /// Locked; the person types the password.
    Unlocks,
    /// Locked; the person closes the dialog.
    Dismisses,
    /// Locked; the person is not there.
    Waits,
    /// Never answers anything.
    Mute,
}

/// A secret as it is sent: session, parameters, value, content type.
type Secret = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);
type Attributes = HashMap<String, String>;

struct State {
    habit: Habit,
    is_locked: Mutex<bool>,
    items: Mutex<Vec<(OwnedObjectPath, Attributes, Secret)>>,
}

fn path(text: &str) -> OwnedObjectPath {
    ObjectPath::try_from(text.to_owned()).unwrap().into()
}

fn is_locked(state: &State) -> bool {
    *state.is_locked.lock().unwrap()
}

struct Service(Arc<State>);

#[interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    async fn open_session(
        &self,
        _algorithm: String,
        _input: Value<'_>,
    ) -> (OwnedValue, OwnedObjectPath) {
        if self.0.habit == Habit::Mute {
            std::future::pending::<()>().await;
        }
        let key = Value::from(vec![1_u8]).try_to_owned().unwrap();
        (key, path("/org/freedesktop/secrets/session/1"))
    }

    fn search_items(&self, wanted: Attributes) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
        let items = self.0.items.lock().unwrap();
        let fits = |has: &Attributes| {
            wanted
                .iter()
                .all(|(key, value)| has.get(key) == Some(value))
        };
        let found: Vec<_> = items
            .iter()
            .filter(|(_, attributes, _)| fits(attributes))
            .map(|(path, ..)| path.clone())
            .collect();
        if is_locked(&self.0) {
            (Vec::new(), found)
        } else {
            (found, Vec::new())
        }
    }

    fn unlock(&self, objects: Vec<OwnedObjectPath>) -> (Vec<OwnedObjectPath>, OwnedObjectPath) {
        if is_locked(&self.0) {
            (Vec::new(), path(PROMPT))
        } else {
            (objects, path("/"))
        }
    }

    fn read_alias(&self, _name: String) -> OwnedObjectPath {
        path(COLLECTION)
    }
}

struct Collection(Arc<State>);

#[interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    async fn create_item(
        &self,
        properties: HashMap<String, OwnedValue>,
        secret: Secret,
        _replace: bool,
        #[zbus(object_server)] server: &ObjectServer,
    ) -> fdo::Result<(OwnedObjectPath, OwnedObjectPath)> {
        if is_locked(&self.0) {
            return Err(fdo::Error::AccessDenied("locked".to_owned()));
        }
        let attributes = properties["org.freedesktop.Secret.Item.Attributes"].clone();
        let attributes = Attributes::try_from(attributes).unwrap();
        let item = {
            let mut items = self.0.items.lock().unwrap();
            let item = path(&format!("{COLLECTION}/{}", items.len() + 1));
            items.push((item.clone(), attributes, secret));
            item
        };
        let object = Item(Arc::clone(&self.0), item.clone());
        server.at(&item, object).await.unwrap();
        Ok((item, path("/")))
    }

    #[zbus(property)]
    fn locked(&self) -> bool {
        is_locked(&self.0)
    }
}

struct Item(Arc<State>, OwnedObjectPath);

#[interface(name = "org.freedesktop.Secret.Item")]
impl Item {
    fn get_secret(&self, _session: OwnedObjectPath) -> fdo::Result<(Secret,)> {
        let items = self.0.items.lock().unwrap();
        let found = items.iter().find(|(path, ..)| *path == self.1);
        found
            .map(|(.., secret)| (secret.clone(),))
            .ok_or_else(|| fdo::Error::UnknownObject(String::new()))
    }

    fn set_secret(&self, secret: Secret) {
        let mut items = self.0.items.lock().unwrap();
        for item in items.iter_mut().filter(|(path, ..)| *path == self.1) {
            item.2 = secret.clone();
        }
    }

    fn delete(&self) -> OwnedObjectPath {
        // The place stays taken, so that paths are never used twice.
        let mut items = self.0.items.lock().unwrap();
        for item in items.iter_mut().filter(|(path, ..)| *path == self.1) {
            item.1.clear();
            item.1.insert("is".to_owned(), "gone".to_owned());
        }
        path("/")
    }

    #[zbus(property)]
    fn locked(&self) -> bool {
        is_locked(&self.0)
    }
}

struct Prompt(Arc<State>);

#[interface(name = "org.freedesktop.Secret.Prompt")]
impl Prompt {
    async fn prompt(&self, _window: String, #[zbus(signal_emitter)] emitter: SignalEmitter<'_>) {
        match self.0.habit {
            Habit::Unlocks => {
                *self.0.is_locked.lock().unwrap() = false;
                Self::completed(&emitter, false, Value::from(""))
                    .await
                    .unwrap();
            }
            Habit::Dismisses => Self::completed(&emitter, true, Value::from(""))
                .await
                .unwrap(),
            Habit::Waits | Habit::Open | Habit::Mute => {}
        }
    }

    fn dismiss(&self) {}

    #[zbus(signal)]
    async fn completed(
        emitter: &SignalEmitter<'_>,
        dismissed: bool,
        result: Value<'_>,
    ) -> zbus::Result<()>;
}
