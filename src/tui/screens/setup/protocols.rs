//! What choosing another protocol brings with it: the server and the port.

use crate::engine::{reading_server, sending_server};
use crate::model::{IncomingProtocol, OutgoingProtocol};
use crate::tui::screens::setup::sheet::Sheet;

impl Sheet {
    /// The server of the other protocol is known, or its address stays and the port follows.
    pub fn choose_reading(&mut self, protocol: IncomingProtocol) {
        let profile = &self.account.sign_in;
        let mut servers = self.to_servers(profile);
        servers.incoming = reading_server(&self.config, (profile, &servers), protocol);
        self.take_servers(servers);
    }

    /// Does the same for sending; without a server of its own, that for reading stands there.
    pub fn choose_sending(&mut self, protocol: OutgoingProtocol) {
        let profile = &self.account.sign_in;
        let mut servers = self.to_servers(profile);
        servers.outgoing = Some(sending_server(&self.config, (profile, &servers), protocol));
        self.take_servers(servers);
    }
}
