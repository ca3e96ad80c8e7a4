//! What choosing another protocol brings with it: the server, the port, the scopes that are asked for.

use crate::engine::{reading_server, sending_server};
use crate::model::{IncomingProtocol, OutgoingProtocol};
use crate::tui::screens::setup::sheet::Sheet;

impl Sheet {
    /// The server of the other protocol is known, or its address stays and the port follows.
    pub fn choose_reading(&mut self, protocol: IncomingProtocol) {
        let scopes_before = self.usual_scopes();
        let profile = &self.account.sign_in;
        let mut servers = self.to_servers(profile);
        servers.incoming = reading_server(&self.config, (profile, &servers), protocol);
        self.take_servers(servers);
        self.follow_scopes(&scopes_before);
    }

    /// Does the same for sending; without a server of its own, that for reading stands there.
    pub fn choose_sending(&mut self, protocol: OutgoingProtocol) {
        let scopes_before = self.usual_scopes();
        let profile = &self.account.sign_in;
        let mut servers = self.to_servers(profile);
        servers.outgoing = Some(sending_server(&self.config, (profile, &servers), protocol));
        self.take_servers(servers);
        self.follow_scopes(&scopes_before);
    }

    /// Scopes that nobody typed follow what is asked for.
    fn follow_scopes(&mut self, before: &str) {
        if self.text("scopes") == before {
            self.put("scopes", self.usual_scopes());
        }
    }
}
