//! Notices for what goes wrong on the way to a server.

use crate::explain::files;
use crate::explain::notice::{Notice, Remedy, Who};
use crate::net::{NetError, TlsFault};

/// Explains a network failure.
pub(in crate::explain) fn explain(error: &NetError) -> Notice {
    match error {
        NetError::Resolve { host, source } => Notice::new(format!("The name {host} has no address"))
            .cause("There is no network or no name server at the moment")
            .cause("The host name is misspelt")
            .how("Check the network; Pillarbox tries again by itself")
            .how(format!("If other hosts can be reached, correct \"{host}\" in the account's servers"))
            .detail(source.to_string())
            .remedy(Remedy::Retry)
            .quiet(),
        NetError::Connect { host, port, source } => connect(host, *port, source),
        NetError::TimedOut { host, port, seconds } => {
            Notice::new(format!("{host} port {port} did not answer within {seconds} s"))
                .cause("A firewall drops the connection, or the server is overloaded")
                .cause("The port is for another kind of service")
                .how("Pillarbox tries again by itself")
                .how("If it stays like this, check port and TLS in the account's servers, and the firewall")
                .remedy(Remedy::Retry)
                .quiet()
        }
        NetError::Tls { host, port, fault, source } => tls(host, *port, *fault, &source.to_string()),
        NetError::CaFile { path, reason } => Notice::new(format!("The CA file {} cannot be used", path.display()))
            .cause(reason.clone())
            .how("Give ca_file the path of a file with certificates in PEM form (-----BEGIN CERTIFICATE-----)")
            .copy(format!("openssl x509 -in {} -noout -subject -enddate", files::shell_word(path)))
            .remedy(Remedy::EditAccount)
            .loud(),
        NetError::Broken { host, source } => Notice::new(format!("The connection to {host} broke"))
            .cause("The network changed, the machine slept, or the server closed the connection")
            .how("Pillarbox connects again by itself")
            .detail(source.to_string())
            .who(Who::Nobody)
            .quiet(),
        NetError::TooLong { host, limit } => Notice::new(format!("{host} sent more than Pillarbox accepts"))
            .cause(format!("An answer was larger than {limit} bytes, which no sane server sends"))
            .how("Make sure that the host name is right and that nobody answers in its place")
            .who(Who::Provider),
        NetError::Http { host, reason } => Notice::new(format!("The web request to {host} failed"))
            .cause("The network, a proxy on the way, or the service itself")
            .how("Try again; if a proxy is needed, set HTTPS_PROXY")
            .detail(reason.clone())
            .remedy(Remedy::Retry),
    }
}

fn connect(host: &str, port: u16, source: &std::io::Error) -> Notice {
    let notice =
        Notice::new(format!("No connection to {host} port {port}")).detail(source.to_string());
    let notice = if source.kind() == std::io::ErrorKind::ConnectionRefused {
        notice
            .cause("Nothing listens on that port: the service is down, or the port is wrong")
            .how("Check the port: IMAP 993 (TLS) or 143 (STARTTLS), SMTP 587 (STARTTLS) or 465 (TLS)")
    } else {
        notice
            .cause("The network is down or a firewall is in the way")
            .how("Check the network")
    };
    notice
        .how("Pillarbox tries again by itself")
        .remedy(Remedy::Retry)
        .quiet()
}

fn tls(host: &str, port: u16, fault: TlsFault, source: &str) -> Notice {
    let notice = Notice::new(format!("No secure connection to {host} port {port}"))
        .detail(source)
        .loud();
    let look = format!(
        "openssl s_client{} -connect {host}:{port} -servername {host} </dev/null | openssl x509 -noout -subject -issuer -dates",
        starttls(port)
    );
    match fault {
        TlsFault::Expired => notice
            .cause("The server's certificate has expired")
            .how("Whoever runs the server has to renew it")
            .copy(look)
            .who(Who::Provider),
        TlsFault::NotYetValid => notice
            .cause("The server's certificate is not valid yet: mostly this machine's clock is wrong")
            .how("Set the clock")
            .copy("date; timedatectl status"),
        TlsFault::WrongName => notice
            .cause(format!("The server's certificate is for another name than {host}"))
            .how("Use the host name that the provider gives, not an alias or an address")
            .copy(look)
            .remedy(Remedy::EditAccount),
        TlsFault::UnknownIssuer => notice
            .cause("Nobody this machine trusts has signed the server's certificate")
            .cause("A private CA, or a proxy that opens TLS connections")
            .how("Put the CA's certificate into a PEM file and set it as ca_file of the server profile")
            .copy(look)
            .remedy(Remedy::EditAccount),
        TlsFault::NotTls => notice
            .cause("The server does not begin with TLS on this port")
            .how("Use STARTTLS for ports 143 and 587, TLS for 993 and 465")
            .remedy(Remedy::EditAccount),
        TlsFault::NotOffered => notice
            .cause("The server does not offer STARTTLS on this port")
            .cause("Somebody on the way, such as a firewall, takes the offer out")
            .how("Use TLS (993, 995, 465) instead of STARTTLS if the server has it; nothing was sent unprotected")
            .remedy(Remedy::EditAccount),
        TlsFault::Other => notice
            .cause("Client and server have no TLS version in common, or the handshake was cut off")
            .how("The server has to offer TLS 1.2 or 1.3")
            .copy(look)
            .who(Who::Provider)
            .remedy(Remedy::Retry),
    }
}

/// Returns what openssl needs to know where TLS begins in the middle, by the usual ports.
const fn starttls(port: u16) -> &'static str {
    match port {
        25 | 587 => " -starttls smtp",
        110 => " -starttls pop3",
        143 => " -starttls imap",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_to_copy_begins_tls_as_the_port_does() {
        let check = |port: u16, expected: &str| {
            let notice = tls("x.test", port, TlsFault::WrongName, "");
            assert!(notice.copy.starts_with(expected), "{}", notice.copy);
        };
        check(993, "openssl s_client -connect x.test:993 ");
        check(587, "openssl s_client -starttls smtp -connect x.test:587 ");
        check(143, "openssl s_client -starttls imap -connect x.test:143 ");
    }
}
