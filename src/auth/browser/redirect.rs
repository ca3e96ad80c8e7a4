//! Where the browser is sent back to: a port of this machine, or an address whose answer has to be pasted (RFC 8252
//! §7.3, protocol facts §2.3).

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::net::TcpListener;
use url::{Host, Url};

use crate::auth::AuthError;
use crate::auth::endpoints::is_this_machine;
use crate::model::{Provider, SignInProfile, sanitize_line};

/// How many free ports are tried: one that is free for IPv4 may be taken for IPv6.
const TRIES: u32 = 16;

/// Where the browser comes back, with the door already open.
#[derive(Debug)]
pub(super) struct Redirect {
    /// As it is sent, to the byte the same in both requests.
    pub(super) uri: String,
    /// Empty when nobody can listen there.
    pub(super) listeners: Vec<TcpListener>,
}

/// A redirect address, read.
#[derive(PartialEq, Eq, Debug)]
enum Place {
    /// On this machine.
    Here {
        /// The IPv4 address to listen at.
        address: Ipv4Addr,
        /// Scheme and host, as typed.
        before: String,
        /// The port, if it is a certain one.
        port: Option<u16>,
        /// What follows the port, as typed.
        after: String,
    },
    /// Anywhere else: the address goes unchanged and the answer is pasted.
    Elsewhere(String),
}

impl Redirect {
    /// Opens the place the profile names, or a free port.
    pub(super) async fn open(profile: &SignInProfile) -> Result<Self, AuthError> {
        let refuse = |reason: String| AuthError::Profile {
            profile: profile.name.clone(),
            reason,
        };
        let (address, before, port, after) = match place(profile).map_err(refuse)? {
            Place::Elsewhere(uri) => {
                let listeners = Vec::new();
                return Ok(Self { uri, listeners });
            }
            Place::Here {
                address,
                before,
                port,
                after,
            } => (address, before, port, after),
        };
        let opened = match port {
            Some(port) => listen(address, port).await,
            None => listen_anywhere(address).await,
        };
        let (port, listeners) = opened.map_err(|error| refuse(closed(port, &error)))?;
        let uri = format!("{before}:{port}{after}");
        Ok(Self { uri, listeners })
    }
}

/// Writes why nobody can listen.
fn closed(port: Option<u16>, error: &Error) -> String {
    match (port, error.kind()) {
        (Some(port), ErrorKind::AddrInUse) => format!(
            "port {port} of its redirect_uri is in use by another program, or by another sign-in"
        ),
        (Some(port), _) => format!("port {port} of its redirect_uri cannot be opened: {error}"),
        (None, _) => format!("no port of this machine can be opened: {error}"),
    }
}

/// Opens a port for both kinds of addresses: browsers may take `localhost` for `::1` first. Another program's IPv6
/// half of the port would get the code, so it counts as busy; a machine without IPv6 has none.
async fn listen(address: Ipv4Addr, port: u16) -> Result<(u16, Vec<TcpListener>), Error> {
    let first = TcpListener::bind((IpAddr::V4(address), port)).await?;
    let port = first.local_addr()?.port();
    match TcpListener::bind((IpAddr::V6(Ipv6Addr::LOCALHOST), port)).await {
        Ok(second) => Ok((port, vec![first, second])),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok((port, vec![first])),
    }
}

async fn listen_anywhere(address: Ipv4Addr) -> Result<(u16, Vec<TcpListener>), Error> {
    let mut last = Error::from(ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        match listen(address, 0).await {
            Ok(opened) => return Ok(opened),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Reads the profile's address, or takes the one its provider wants. Microsoft accepts every port of `localhost` but
/// cannot be given `127.0.0.1` in its portal; everybody else wants the number (RFC 8252 §8.3).
fn place(profile: &SignInProfile) -> Result<Place, String> {
    let usual = match profile.provider {
        Provider::Microsoft365 | Provider::OutlookCom | Provider::ExchangeServer => {
            "http://localhost"
        }
        Provider::Gmail | Provider::Custom => "http://127.0.0.1",
    };
    let typed = profile.redirect_uri.as_deref().map(str::trim);
    let typed = typed.filter(|text| !text.is_empty()).unwrap_or(usual);
    let shown: String = sanitize_line(typed).chars().take(200).collect();
    let url =
        Url::parse(typed).map_err(|error| format!("its redirect_uri \"{shown}\": {error}"))?;
    // RFC 6749 §3.1.2.
    if url.fragment().is_some() {
        return Err(format!("its redirect_uri \"{shown}\" must not have a #"));
    }
    let elsewhere = Ok(Place::Elsewhere(typed.to_owned()));
    if url.scheme() != "http" || !is_this_machine(&url) {
        return elsewhere;
    }
    let Some((scheme, rest)) = typed.split_once("://") else {
        return elsewhere;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let after = rest.strip_prefix(authority).unwrap_or_default();
    // `Url` leaves out a port that is the scheme's own.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (authority, None),
    };
    let address = match url.host() {
        Some(Host::Ipv4(address)) => address,
        _ => Ipv4Addr::LOCALHOST,
    };
    Ok(Place::Here {
        address,
        before: format!("{scheme}://{host}"),
        port: port.filter(|&port| port != 0),
        after: after.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::tests::profile;

    #[track_caller]
    fn check(redirect_uri: &str, expected: Result<(&str, Option<u16>, &str), &str>) {
        let profile = SignInProfile {
            redirect_uri: Some(redirect_uri.to_owned()),
            ..profile(Provider::Microsoft365)
        };
        let found = place(&profile).unwrap();
        match (&found, expected) {
            (
                Place::Here {
                    before,
                    port,
                    after,
                    ..
                },
                Ok(here),
            ) => {
                assert_eq!((before.as_str(), *port, after.as_str()), here);
            }
            (Place::Elsewhere(uri), Err(elsewhere)) => assert_eq!(uri, elsewhere),
            _ => panic!("{found:?}"),
        }
    }

    #[test]
    fn a_loopback_address_keeps_its_port_and_path_as_typed() {
        check("http://localhost", Ok(("http://localhost", None, "")));
        check(" ", Ok(("http://localhost", None, "")));
        check("http://localhost/", Ok(("http://localhost", None, "/")));
        check(
            "http://localhost:80/Cb?a=b",
            Ok(("http://localhost", Some(80), "/Cb?a=b")),
        );
        check(
            "http://127.0.0.1:8080",
            Ok(("http://127.0.0.1", Some(8080), "")),
        );
        check("http://[::1]/x", Ok(("http://[::1]", None, "/x")));
        check("http://[::1]:81/x", Ok(("http://[::1]", Some(81), "/x")));
    }

    #[test]
    fn any_other_address_is_for_pasting() {
        for uri in [
            "https://login.microsoftonline.com/common/oauth2/nativeclient",
            "https://localhost/common/oauth2/nativeclient",
            "https://own.example/callback",
            "msal1234://auth",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            check(uri, Err(uri));
        }
    }

    #[test]
    fn an_address_nobody_can_be_sent_to_is_refused() {
        for uri in ["localhost", "http://localhost/#x", "http://"] {
            let profile = SignInProfile {
                redirect_uri: Some(uri.to_owned()),
                ..profile(Provider::Microsoft365)
            };
            assert!(place(&profile).is_err(), "{uri}");
        }
    }
}
