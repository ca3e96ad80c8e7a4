//! Microsoft's mail servers, known by heart (protocol facts §1.3).

use crate::model::{
    Cloud, IncomingProtocol, IncomingServer, OutgoingProtocol, OutgoingServer, TlsMode,
};

/// Returns Microsoft's servers of a cloud (protocol facts §1.3): IMAP with TLS from the first byte, SMTP with
/// STARTTLS, since port 465 is closed there.
pub fn microsoft_servers(cloud: Cloud) -> (IncomingServer, OutgoingServer) {
    let (imap, smtp) = match cloud {
        Cloud::Public => ("outlook.office365.com", "smtp.office365.com"),
        Cloud::UsGov => ("outlook.office365.us", "outlook.office365.us"),
        Cloud::UsDod => ("outlook-dod.office365.us", "outlook-dod.office365.us"),
        Cloud::China => ("partner.outlook.cn", "smtp.partner.outlook.cn"),
    };
    let incoming = IncomingServer {
        protocol: IncomingProtocol::Imap,
        host: imap.to_owned(),
        port: 993,
        tls: TlsMode::Implicit,
    };
    let outgoing = OutgoingServer {
        protocol: OutgoingProtocol::Smtp,
        host: smtp.to_owned(),
        port: 587,
        tls: TlsMode::StartTls,
    };
    (incoming, outgoing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_have_their_own_servers() {
        for (cloud, imap, smtp) in [
            (Cloud::Public, "outlook.office365.com", "smtp.office365.com"),
            (
                Cloud::China,
                "partner.outlook.cn",
                "smtp.partner.outlook.cn",
            ),
        ] {
            let (incoming, outgoing) = microsoft_servers(cloud);
            assert_eq!((incoming.host.as_str(), incoming.port), (imap, 993));
            assert_eq!((outgoing.host.as_str(), outgoing.port), (smtp, 587));
            assert_eq!(outgoing.tls, TlsMode::StartTls);
        }
    }
}
