//! What choosing another protocol brings with it: the server, the port, the scopes that are asked for.

use crate::engine::{usual_sender, usual_server};
use crate::model::{IncomingProtocol, IncomingServer, OutgoingProtocol, OutgoingServer, TlsMode};
use crate::tui::screens::setup::sheet::{Sheet, no_outgoing};

impl Sheet {
    /// The server of the other protocol is known, or its address stays and the port follows.
    pub fn choose_reading(&mut self, protocol: IncomingProtocol) {
        let scopes_before = self.usual_scopes();
        let profile = &self.account.sign_in;
        let usual = usual_server((profile.provider, profile.cloud), protocol);
        let mut servers = self.to_servers(profile);
        if servers.incoming.protocol != protocol {
            servers.incoming = usual.unwrap_or_else(|| IncomingServer {
                protocol,
                port: protocol.port(TlsMode::Implicit),
                tls: TlsMode::Implicit,
                ..servers.incoming.clone()
            });
        }
        self.take_servers(servers);
        self.follow_scopes(&scopes_before);
    }

    /// Does the same for sending; without a server of its own, that for reading stands there.
    pub fn choose_sending(&mut self, protocol: OutgoingProtocol) {
        let scopes_before = self.usual_scopes();
        let profile = &self.account.sign_in;
        let usual = usual_sender((profile.provider, profile.cloud), protocol);
        let mut servers = self.to_servers(profile);
        let now = servers.outgoing.clone().unwrap_or_else(no_outgoing);
        if now.protocol != protocol {
            let tls = if protocol.is_web() {
                TlsMode::Implicit
            } else {
                TlsMode::StartTls
            };
            let host = if now.host.is_empty() {
                servers.incoming.host.clone()
            } else {
                now.host
            };
            servers.outgoing = Some(usual.unwrap_or(OutgoingServer {
                protocol,
                host,
                port: protocol.port(tls),
                tls,
            }));
        }
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
