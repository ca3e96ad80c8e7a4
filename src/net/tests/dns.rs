//! Mail records against a name server on this machine.

use std::net::SocketAddr;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{MX, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record};
use tokio::net::UdpSocket;

use crate::net::{Dns, NetError};

/// Answers every question with what `answer` makes of its name.
async fn serve(answer: fn(&Name) -> Result<Vec<RData>, ResponseCode>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let name = question.queries[0].name().clone();
            let mut reply = question.into_response();
            reply.edns = None;
            match answer(&name) {
                Ok(records) => reply.answers.extend(
                    records
                        .into_iter()
                        .map(|data| Record::from_rdata(name.clone(), 60, data)),
                ),
                Err(code) => reply.metadata.response_code = code,
            }
            let _ = socket.send_to(&reply.to_vec().unwrap(), peer).await;
        }
    });
    address
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

#[tokio::test]
async fn mail_servers_come_in_the_order_of_their_preference_and_in_lower_case() {
    let server = serve(|_| {
        Ok(vec![
            RData::MX(MX::new(20, name("Backup.Example."))),
            RData::MX(MX::new(
                10,
                name("contoso-com.mail.protection.OUTLOOK.com."),
            )),
        ])
    })
    .await;
    let found = Dns::at(server).unwrap().mx("contoso.com").await.unwrap();
    let hosts: Vec<&str> = found.iter().map(|mx| mx.host.as_str()).collect();
    assert_eq!(
        hosts,
        ["contoso-com.mail.protection.outlook.com", "backup.example"]
    );
}

#[tokio::test]
async fn services_come_by_priority_and_weight_and_a_dot_is_an_empty_target() {
    let server = serve(|asked| {
        if asked.to_ascii().starts_with("_imap.") {
            return Ok(vec![RData::SRV(SRV::new(0, 0, 0, name(".")))]);
        }
        Ok(vec![
            RData::SRV(SRV::new(1, 1, 993, name("c.example."))),
            RData::SRV(SRV::new(0, 1, 993, name("b.example."))),
            RData::SRV(SRV::new(0, 9, 993, name("a.example."))),
        ])
    })
    .await;
    let dns = Dns::at(server).unwrap();
    let found = dns.srv("_imaps._tcp.contoso.com").await.unwrap();
    let hosts: Vec<&str> = found.iter().map(|srv| srv.target.as_str()).collect();
    assert_eq!(hosts, ["a.example", "b.example", "c.example"]);
    let refused = dns.srv("_imap._tcp.contoso.com").await.unwrap();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].target, "");
}

#[tokio::test]
async fn a_name_without_such_records_has_none_and_a_broken_server_is_an_error() {
    let none = serve(|asked| {
        if asked.to_ascii().contains("missing") {
            Err(ResponseCode::NXDomain)
        } else {
            Ok(Vec::new())
        }
    })
    .await;
    let dns = Dns::at(none).unwrap();
    assert!(dns.mx("missing.example").await.unwrap().is_empty());
    assert!(dns.mx("empty.example").await.unwrap().is_empty());
    let broken = serve(|_| Err(ResponseCode::ServFail)).await;
    let outcome = Dns::at(broken).unwrap().mx("contoso.com").await;
    assert!(matches!(outcome, Err(NetError::Resolve { host, .. }) if host == "contoso.com"));
}

#[tokio::test]
async fn a_silent_name_server_is_given_up() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let dns = Dns::at(socket.local_addr().unwrap()).unwrap();
    tokio::time::pause();
    let outcome = dns.mx("contoso.com").await;
    assert!(outcome.is_err(), "{outcome:?}");
}

#[tokio::test]
async fn what_is_no_name_is_an_error_and_asks_nobody() {
    let dns = Dns::at(([127, 0, 0, 1], 9).into()).unwrap();
    let long = format!("{}.example", "x".repeat(64));
    for odd in ["a..b", long.as_str()] {
        assert!(dns.mx(odd).await.is_err(), "{odd}");
    }
}
