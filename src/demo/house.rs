//! What all servers of a tenant share.

use std::sync::Arc;

use rustls::ServerConfig;
use tokio::sync::mpsc;

use super::colleagues::Letter;
use super::ews::Desk;
use super::graph::Graph;
use super::mail_store::MailStore;
use super::mischief::Mischiefs;
use super::pop3::Maildrops;
use super::sign_in::SignIn;

/// The shared parts of a tenant.
pub struct House {
    /// All mail.
    pub store: MailStore,
    /// Who may what, by token.
    pub sign_in: Arc<SignIn>,
    /// What tests want to go wrong with mail.
    pub mischief: Mischiefs,
    /// What POP3 sessions share.
    pub maildrops: Maildrops,
    /// What Graph remembers between requests.
    pub graph: Graph,
    /// What EWS keeps from request to request.
    pub ews: Desk,
    /// For every listener.
    pub tls: Arc<ServerConfig>,
    /// Takes what somebody should answer.
    pub letters: mpsc::UnboundedSender<Letter>,
}

#[cfg(test)]
impl House {
    /// Returns a house without servers, for sessions that are fed by hand.
    pub fn for_tests() -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let habits = super::Habits::default();
        let life = std::time::Duration::from_secs(300);
        Arc::new(Self {
            store: MailStore::new([super::people::ADA.email]),
            sign_in: Arc::new(SignIn::new(1, life, habits).unwrap()),
            mischief: Mischiefs::default(),
            maildrops: Maildrops::default(),
            graph: Graph::default(),
            ews: Desk::default(),
            tls: super::transport::ca::certify(folder.path()).unwrap().tls,
            letters: mpsc::unbounded_channel().0,
        })
    }
}
