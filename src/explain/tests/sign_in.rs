//! One of each error of signing in: what the service denies, what the vault refuses, what a registration lacks.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::auth::{AuthError, ClientFault, Denial, ScopeProblem, VaultError};
use crate::net::NetError;

use super::{file, host};

pub fn denied(denial: Denial, code: &str) -> AuthError {
    AuthError::Denied {
        denial,
        error: "invalid_grant".into(),
        code: code.into(),
        description: "the service's words".into(),
        suberror: String::new(),
        correlation_id: "c0ffee".into(),
        time: "2026-11-22 10:00:00Z".into(),
    }
}

pub fn auth_errors() -> Vec<AuthError> {
    let wrong = Denial::WrongIdentity {
        expected: "ada@example.com".into(),
        got: "bob@example.com".into(),
    };
    let denials = [
        Denial::Declined,
        Denial::Expired,
        Denial::UnknownCode,
        Denial::GrantEnded,
        Denial::AnswerLost,
        Denial::NoRefreshToken,
        wrong,
        Denial::MethodForbidden,
        Denial::ClientRefused,
        Denial::Mixed,
        Denial::TimedOut,
        Denial::NeverSignedIn,
        Denial::WrongAudience {
            expected: "https://outlook.office365.com".into(),
            got: "https://graph.microsoft.com".into(),
        },
        Denial::MissingPermission {
            name: "IMAP.AccessAsApp".into(),
        },
        Denial::Other,
    ];
    let mut errors: Vec<AuthError> = denials
        .into_iter()
        .map(|denial| denied(denial, ""))
        .collect();
    errors.extend([
        denied(Denial::Other, "AADSTS7000218"),
        denied(Denial::Other, "AADSTS424242"),
        AuthError::Unreachable(NetError::TimedOut {
            host: host(),
            port: 443,
            seconds: 15,
        }),
        AuthError::Busy {
            status: 503,
            after: Some(Duration::from_secs(30)),
        },
        AuthError::Nonsense {
            host: host(),
            detail: "HTML instead of JSON".into(),
        },
        AuthError::Profile {
            profile: "contoso".into(),
            reason: "client_id is missing".into(),
        },
    ]);
    errors.extend(
        scope_problems()
            .into_iter()
            .map(|problem| AuthError::Scopes {
                profile: "contoso".into(),
                problem,
            }),
    );
    errors.extend(vault_errors().into_iter().map(AuthError::Vault));
    errors.extend(client_faults().into_iter().map(|fault| AuthError::Client {
        profile: "contoso".into(),
        fault,
    }));
    errors
}

fn vault_errors() -> Vec<VaultError> {
    vec![
        VaultError::NeedsPassphrase {
            path: file(),
            is_new: true,
            no_keyring: Some("no D-Bus session".into()),
        },
        VaultError::NeedsPassphrase {
            path: file(),
            is_new: true,
            no_keyring: None,
        },
        VaultError::NeedsPassphrase {
            path: file(),
            is_new: false,
            no_keyring: None,
        },
        VaultError::DoesNotOpen { path: file() },
        VaultError::Damaged { path: file() },
        VaultError::File {
            path: file(),
            source: super::io(io::ErrorKind::PermissionDenied),
        },
        VaultError::Keyring {
            reason: "locked".into(),
        },
        VaultError::Command {
            command: "pass".into(),
            reason: "exit status: 2: gpg: decryption failed: No secret key".into(),
        },
        VaultError::NotKept {
            key: "token/work".into(),
        },
    ]
}

fn scope_problems() -> Vec<ScopeProblem> {
    let scope = || "https://graph.microsoft.com/IMAP.AccessAsUser.All".to_owned();
    let wanted = || "https://outlook.office.com/IMAP.AccessAsUser.All".to_owned();
    vec![
        ScopeProblem::WrongResource {
            scope: scope(),
            wanted: wanted(),
        },
        ScopeProblem::Bare {
            scope: "IMAP.AccessAsUser.All".into(),
            wanted: wanted(),
        },
        ScopeProblem::DefaultMixed { scope: scope() },
        ScopeProblem::SeveralResources {
            scopes: vec![scope(), wanted()],
        },
        ScopeProblem::NamedForApplication {
            scope: scope(),
            wanted: wanted(),
        },
        ScopeProblem::NoOfflineAccess,
        ScopeProblem::PersonalPrefix {
            scope: scope(),
            wanted: wanted(),
        },
        ScopeProblem::NotForPersonal { scope: scope() },
        ScopeProblem::OtherCloud {
            scope: scope(),
            wanted: wanted(),
        },
        ScopeProblem::NoMail { wanted: wanted() },
        ScopeProblem::NotForProvider { scope: scope() },
        ScopeProblem::Malformed {
            scope: "a;b".into(),
        },
    ]
}

fn client_faults() -> Vec<ClientFault> {
    let key = || PathBuf::from("/home/ada/app.key");
    let path = || PathBuf::from("/home/ada/app.pem");
    let at = |seconds| jiff::Timestamp::from_second(seconds).unwrap();
    vec![
        ClientFault::SecretMissing,
        ClientFault::Unreadable {
            path: path(),
            kind: io::ErrorKind::NotFound,
        },
        ClientFault::NotPem { path: path() },
        ClientFault::Pkcs12 {
            path: "/home/ada/app.pfx".into(),
        },
        ClientFault::NoCertificate { path: path() },
        ClientFault::DamagedCertificate { path: path() },
        ClientFault::NoKey { path: key() },
        ClientFault::EncryptedKey { path: key() },
        ClientFault::NotRsa { path: key() },
        ClientFault::KeyRejected {
            path: key(),
            reason: "TooSmall".into(),
        },
        ClientFault::KeyOfAnother {
            certificate: path(),
            key: key(),
        },
        ClientFault::CertificateExpired {
            path: path(),
            since: at(1_700_000_000),
        },
        ClientFault::CertificateNotYetValid {
            path: path(),
            from: at(1_900_000_000),
        },
        ClientFault::NotSigned,
    ]
}
