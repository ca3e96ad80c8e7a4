//! Why a sign-in or a renewal failed, and what can be wrong with the vault.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::auth::denial::Refusal;
use crate::net::{CONNECT_LIMIT, NetError};

/// Sorted reasons of a provider to say no (RFC 6749 §5.2, RFC 8628 §3.5, protocol facts §2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Denial {
    /// The user (or a policy) pressed no.
    Declined,
    /// The code was not used in time.
    Expired,
    /// The provider does not know the code: wrong tenant or cloud.
    UnknownCode,
    /// `invalid_grant` on renewal: only a new sign-in helps.
    GrantEnded,
    /// `invalid_grant` after a renewal whose answer never arrived: the token in it was the only good one left.
    AnswerLost,
    /// The provider gave no refresh token although one was asked for.
    NoRefreshToken,
    /// Signed in as somebody else than the account is for.
    WrongIdentity {
        /// Who the account is for.
        expected: String,
        /// Who signed in.
        got: String,
    },
    /// The tenant forbids this way of signing in, mostly the device code; another may work (protocol facts §2.2).
    MethodForbidden,
    /// The application's secret or certificate is not there, or is wrong (`invalid_client`).
    ClientRefused,
    /// The answer belongs to another request (`state`, `nonce`, `iss`): somebody may be interfering.
    Mixed,
    /// Nobody came back from the browser in time.
    TimedOut,
    /// Nobody signed in yet.
    NeverSignedIn,
    /// The provider gave a token for another service; no mail server would take it (protocol facts §3.1).
    WrongAudience {
        /// The service it was asked for.
        expected: String,
        /// The service it is for.
        got: String,
    },
    /// The token lacks a permission that is needed and cannot be given elsewhere.
    MissingPermission {
        /// The scope or role, such as `IMAP.AccessAsApp`.
        name: String,
    },
    /// Anything else the provider refuses; see the code.
    Other,
}

/// Why the application's own secret or certificate cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClientFault {
    /// The vault holds no secret for the sign-in profile.
    #[error("the vault holds no secret for it")]
    SecretMissing,
    /// A file cannot be read.
    #[error("cannot read {}: {kind}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        kind: ErrorKind,
    },
    /// A file holds no PEM.
    #[error("{} is no PEM file", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
    },
    /// The file is PKCS#12 (`.pfx`, `.p12`), to be converted first.
    #[error("{} is PKCS#12", path.display())]
    Pkcs12 {
        /// The file.
        path: PathBuf,
    },
    /// There is no certificate in the file.
    #[error("no certificate in {}", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No certificate in the file can be understood.
    #[error("a damaged certificate in {}", path.display())]
    DamagedCertificate {
        /// The file.
        path: PathBuf,
    },
    /// There is no private key in the file.
    #[error("no private key in {}", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is protected by a passphrase.
    #[error("an encrypted key in {}", path.display())]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is of another kind than RSA, the only one these assertions know.
    #[error("no RSA key in {}", path.display())]
    NotRsa {
        /// The file.
        path: PathBuf,
    },
    /// The key is damaged, or shorter or longer than 2048 to 4096 bits.
    #[error("the key in {} is refused: {reason}", path.display())]
    KeyRejected {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Key and certificate do not belong together.
    #[error("{} is not the key of {}", key.display(), certificate.display())]
    KeyOfAnother {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate has ended.
    #[error("{} ended at {since}", path.display())]
    CertificateExpired {
        /// The file.
        path: PathBuf,
        /// When.
        since: Timestamp,
    },
    /// The certificate has not begun, or our clock is behind.
    #[error("{} begins at {from}", path.display())]
    CertificateNotYetValid {
        /// The file.
        path: PathBuf,
        /// When it begins.
        from: Timestamp,
    },
    /// The system could not sign: no random bytes, or no memory.
    #[error("the system could not sign")]
    NotSigned,
}

/// What is wrong with a pasted address; the sign-in goes on waiting for a better one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PasteMistake {
    /// It is no address, no query and no code.
    NotAnAddress,
    /// It is an address with neither `code` nor `error`, such as the one the browser started from.
    NoCode,
    /// It was cut off: `code` is there, `state` is not.
    CutOff,
    /// `state` is another one: it belongs to an earlier sign-in, or somebody else's.
    OtherSignIn,
    /// It is not where the browser should have been sent.
    Foreign {
        /// Its host.
        host: String,
    },
    /// Microsoft's blank page moved on and dropped the code (`/common/wrongplace`, protocol facts §2.3).
    WrongPlace,
}

/// Something wrong with the scopes a profile names. `wanted` is what to write instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScopeProblem {
    /// A permission of mail protocols, asked of another service than Exchange: its token opens no mailbox.
    WrongResource {
        /// As typed.
        scope: String,
        /// The same of Exchange.
        wanted: String,
    },
    /// The same without any service: Entra takes it for Graph's.
    Bare {
        /// As typed.
        scope: String,
        /// The same of Exchange.
        wanted: String,
    },
    /// `.default` stands beside named scopes (AADSTS70011).
    DefaultMixed {
        /// The `.default` one.
        scope: String,
    },
    /// An application asks for several services in one request (AADSTS28000).
    SeveralResources {
        /// All of them.
        scopes: Vec<String>,
    },
    /// An application names permissions; it can ask for `.default` only (AADSTS1002012).
    NamedForApplication {
        /// As typed.
        scope: String,
        /// What stands for all of its permissions.
        wanted: String,
    },
    /// `offline_access` is not named: it is asked for all the same, or the sign-in would end with its first token.
    NoOfflineAccess,
    /// A personal account cannot use this prefix (`invalid_scope`).
    PersonalPrefix {
        /// As typed.
        scope: String,
        /// With the prefix that works.
        wanted: String,
    },
    /// Personal accounts do not have this permission, and refuse the whole request for it.
    NotForPersonal {
        /// As typed.
        scope: String,
    },
    /// The service is one of another cloud than the profile's.
    OtherCloud {
        /// As typed.
        scope: String,
        /// The same in the profile's cloud.
        wanted: String,
    },
    /// Nothing that was named opens a mailbox.
    NoMail {
        /// What would.
        wanted: String,
    },
    /// The provider refuses requests with this scope.
    NotForProvider {
        /// As typed.
        scope: String,
    },
    /// It holds a character that no scope has (RFC 6749 §3.3), such as a semicolon between two.
    Malformed {
        /// As typed.
        scope: String,
    },
}

/// A failed sign-in or renewal.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The provider said no.
    #[error("sign-in refused: {error} {code}")]
    Denied {
        /// Sorted reason.
        denial: Denial,
        /// `error` of the answer.
        error: String,
        /// `AADSTSnnnnn`, or empty.
        code: String,
        /// `error_description`, sanitised and cut; no secret in it.
        description: String,
        /// `suberror`, or empty.
        suberror: String,
        /// `correlation_id`, or empty.
        correlation_id: String,
        /// When, as the provider says, else by our clock; empty where no provider was asked.
        time: String,
    },
    /// The provider cannot be reached.
    #[error("cannot reach the sign-in service")]
    Unreachable(#[source] NetError),
    /// The provider is busy (429, 5xx).
    #[error("the sign-in service is busy (HTTP {status})")]
    Busy {
        /// HTTP status.
        status: u16,
        /// How long it wants us to wait.
        after: Option<Duration>,
    },
    /// The answer makes no sense.
    #[error("the sign-in service at {host} answered nonsense: {detail}")]
    Nonsense {
        /// The host.
        host: String,
        /// What was wrong.
        detail: String,
    },
    /// The profile cannot be used as it is.
    #[error("the sign-in profile {profile} cannot be used: {reason}")]
    Profile {
        /// Its name.
        profile: String,
        /// What is missing or wrong.
        reason: String,
    },
    /// The application cannot prove itself.
    #[error("the application of the sign-in profile {profile} cannot prove itself")]
    Client {
        /// The profile's name.
        profile: String,
        /// What is missing or wrong.
        #[source]
        fault: ClientFault,
    },
    /// The profile's scopes would bring a token that opens nothing, or none at all.
    #[error("a scope of the sign-in profile {profile} is wrong: {problem:?}")]
    Scopes {
        /// Its name.
        profile: String,
        /// The first thing that is wrong.
        problem: ScopeProblem,
    },
    /// The vault failed.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
}

/// A vault that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A passphrase is needed.
    #[error("the vault {} needs a passphrase", path.display())]
    NeedsPassphrase {
        /// The file.
        path: PathBuf,
        /// Whether the file does not exist yet and the passphrase is to be chosen.
        is_new: bool,
        /// Why a new vault is a file although the keyring was to be tried first, in the keyring's words.
        no_keyring: Option<String>,
    },
    /// The passphrase or key file is wrong, or the file was changed by somebody.
    #[error("the vault {} does not open", path.display())]
    DoesNotOpen {
        /// The file.
        path: PathBuf,
    },
    /// The file is no vault.
    #[error("{} is no vault", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A file operation failed.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The keyring does not answer or refuses.
    #[error("the keyring does not work: {reason}")]
    Keyring {
        /// What it says.
        reason: String,
    },
    /// The configured program does not keep or return secrets.
    #[error("the vault's command {command} failed: {reason}")]
    Command {
        /// The program's name.
        command: String,
        /// What went wrong, sanitised; no secret in it.
        reason: String,
    },
    /// A secret did not come back as it was written; nothing was removed from where it was.
    #[error("the secret {key} did not come back as it was written")]
    NotKept {
        /// Its name.
        key: String,
    },
}

impl AuthError {
    /// Whether the request may have arrived and been carried out although no answer came.
    pub(super) fn may_have_worked(&self) -> bool {
        match self {
            Self::Unreachable(NetError::TimedOut { seconds, .. }) => {
                *seconds > CONNECT_LIMIT.as_secs()
            }
            Self::Unreachable(error) => matches!(
                error,
                NetError::Broken { .. } | NetError::Http { .. } | NetError::TooLong { .. }
            ),
            _ => false,
        }
    }

    /// Whether the connection was cut under way, so that asking once more at once costs no time.
    pub(super) fn is_cut(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(NetError::Broken { .. } | NetError::Http { .. })
        )
    }

    /// Returns the provider's no, if it is one.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let Self::Denied {
            denial,
            error,
            code,
            description,
            suberror,
            correlation_id,
            time,
        } = self
        else {
            return None;
        };
        Some(Refusal {
            denial: denial.clone(),
            error: error.clone(),
            code: code.clone(),
            description: description.clone(),
            suberror: suberror.clone(),
            correlation_id: correlation_id.clone(),
            time: time.clone(),
        })
    }

    /// Copies the error, so that everybody who waited for one renewal can have it.
    pub(super) fn duplicate(&self) -> Self {
        match self {
            Self::Denied {
                denial,
                error,
                code,
                description,
                suberror,
                correlation_id,
                time,
            } => Self::Denied {
                denial: denial.clone(),
                error: error.clone(),
                code: code.clone(),
                description: description.clone(),
                suberror: suberror.clone(),
                correlation_id: correlation_id.clone(),
                time: time.clone(),
            },
            Self::Unreachable(source) => Self::Unreachable(source.duplicate()),
            Self::Busy { status, after } => Self::Busy {
                status: *status,
                after: *after,
            },
            Self::Nonsense { host, detail } => Self::Nonsense {
                host: host.clone(),
                detail: detail.clone(),
            },
            Self::Profile { profile, reason } => Self::Profile {
                profile: profile.clone(),
                reason: reason.clone(),
            },
            Self::Client { profile, fault } => Self::Client {
                profile: profile.clone(),
                fault: fault.clone(),
            },
            Self::Scopes { profile, problem } => Self::Scopes {
                profile: profile.clone(),
                problem: problem.clone(),
            },
            Self::Vault(source) => Self::Vault(source.duplicate()),
        }
    }
}

impl VaultError {
    fn duplicate(&self) -> Self {
        match self {
            Self::NeedsPassphrase {
                path,
                is_new,
                no_keyring,
            } => Self::NeedsPassphrase {
                path: path.clone(),
                is_new: *is_new,
                no_keyring: no_keyring.clone(),
            },
            Self::DoesNotOpen { path } => Self::DoesNotOpen { path: path.clone() },
            Self::Damaged { path } => Self::Damaged { path: path.clone() },
            Self::File { path, source } => Self::File {
                path: path.clone(),
                source: std::io::Error::new(source.kind(), source.to_string()),
            },
            Self::Keyring { reason } => Self::Keyring {
                reason: reason.clone(),
            },
            Self::Command { command, reason } => Self::Command {
                command: command.clone(),
                reason: reason.clone(),
            },
            Self::NotKept { key } => Self::NotKept { key: key.clone() },
        }
    }
}
