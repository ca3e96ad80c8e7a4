//! What signs in for an account: its tokens or password, the trust in its servers, its connection budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::{OnceCell, watch};

use crate::auth::{
    AuthError, ClientProof, Denial, Function, Resource, SharedClock, TokenKeeper, TokenState,
    Vault, first_scopes, scopes_for,
};
use crate::backend::{BackendError, Credential};
use crate::engine::EngineError;
use crate::engine::link::load_trust;
use crate::engine::work::budget::Budget;
use crate::engine::work::directory::Book;
use crate::model::{
    Account, AccountId, IncomingProtocol, Method, OutgoingProtocol, OutgoingServer, SignInProfile,
    TlsMode,
};
use crate::net::{Http, Trust};

/// How long a token without a needed permission is kept before another one is asked for.
const RENEWAL_REST: SignedDuration = SignedDuration::from_mins(2);

/// One way to prove who we are: a profile's tokens or a password, loaded from the vault when first needed.
#[derive(Debug)]
pub struct Proof {
    profile: SignInProfile,
    /// What the account does with it, each once.
    uses: Vec<Function>,
    key: String,
    vault: Vault,
    clock: SharedClock,
    keeper: OnceCell<TokenKeeper>,
}

impl Proof {
    fn new(
        (profile, mut uses): (&SignInProfile, Vec<Function>),
        key: String,
        vault: &Vault,
        clock: &SharedClock,
    ) -> Self {
        uses.sort_unstable();
        uses.dedup();
        Self {
            profile: equipped(profile, &uses),
            uses,
            key,
            vault: vault.clone(),
            clock: Arc::clone(clock),
            keeper: OnceCell::new(),
        }
    }

    /// Returns the profile.
    pub fn profile(&self) -> &SignInProfile {
        &self.profile
    }

    /// Lists what the account does with it.
    pub fn uses(&self) -> &[Function] {
        &self.uses
    }

    /// Returns one use for each resource that a token is needed for.
    pub fn needs(&self) -> Vec<Function> {
        let mut needs: Vec<Function> = Vec::new();
        for &function in &self.uses {
            let is_right = matches!(
                function,
                Function::AdditionalUsers | Function::SendForOthers
            );
            let mut known = needs.iter();
            if !is_right && !known.any(|known| known.resource() == function.resource()) {
                needs.push(function);
            }
        }
        needs
    }

    /// Tells whether it is a password.
    pub fn is_password(&self) -> bool {
        self.profile.method == Method::Password
    }

    /// Returns an HTTP client that trusts what the profile says.
    pub async fn http(&self) -> Result<Http, EngineError> {
        let trust = load_trust(self.profile.ca_file.clone()).await?;
        Ok(Http::new(&trust)?)
    }

    /// Returns the keeper of the tokens.
    pub async fn keeper(&self) -> Result<&TokenKeeper, EngineError> {
        if self.is_password() {
            return Err(EngineError::Auth(AuthError::Profile {
                profile: self.profile.name.clone(),
                reason: "it signs in with a password, so there is no token".into(),
            }));
        }
        self.keeper
            .get_or_try_init(|| async {
                let http = self.http().await?;
                let (profile, vault) = (self.profile.clone(), self.vault.clone());
                let clock = Arc::clone(&self.clock);
                let keeper =
                    TokenKeeper::load_with_clock(profile, &self.key, vault, http, clock).await;
                Ok(keeper?)
            })
            .await
    }

    /// Returns the keeper if it was needed before.
    pub fn loaded_keeper(&self) -> Option<&TokenKeeper> {
        self.keeper.get()
    }

    /// Returns what to show to a server, renewing a token first if need be. A token that shows that it does not allow
    /// `function` is not shown to any server.
    pub async fn credential(&self, function: Function) -> Result<Credential, EngineError> {
        if self.is_password() {
            let password = self.vault.get(&self.password_key()).await;
            return password
                .map_err(AuthError::from)?
                .map(Credential::Password)
                .ok_or_else(|| EngineError::Auth(never_signed_in()));
        }
        let keeper = self.keeper().await?;
        let resource = function.resource();
        let refused = match keeper.bearer_for(resource, &[function]).await {
            Ok(token) => return Ok(Credential::Bearer(token)),
            Err(error) => error,
        };
        // A permission may have been granted since the token was made; the old one serves everything else meanwhile.
        if lacks_permission(&refused) && self.is_worth_renewing(keeper, resource) {
            keeper.renew(resource).await?;
            let token = keeper.bearer_for(resource, &[function]).await?;
            return Ok(Credential::Bearer(token));
        }
        Err(refused.into())
    }

    /// Whether the token is old enough that another one may differ: forty mailboxes must not ask forty times.
    fn is_worth_renewing(&self, keeper: &TokenKeeper, resource: Resource) -> bool {
        let facts = keeper.facts_of(resource);
        facts.is_some_and(|facts| self.clock.now().duration_since(facts.renewed_at) > RENEWAL_REST)
    }

    /// Says that a server refused `credential`; tells whether another may be had.
    pub async fn reject(&self, credential: &Credential) -> bool {
        let Credential::Bearer(token) = credential else {
            return false;
        };
        let Some(keeper) = self.loaded_keeper() else {
            return false;
        };
        // Only the one whose token it is takes notice.
        for resource in [Resource::Mail, Resource::Graph] {
            keeper.reject(resource, token).await;
        }
        true
    }

    /// Tells whether a password is kept.
    pub async fn has_password(&self) -> Result<bool, EngineError> {
        let kept = self.vault.get(&self.password_key()).await;
        Ok(kept.map_err(AuthError::from)?.is_some())
    }

    /// Loads what the application proves itself with, if anything.
    pub async fn client(&self) -> Result<ClientProof, EngineError> {
        Ok(ClientProof::load(&self.profile, &self.vault).await?)
    }

    /// Does what [`Self::client`] does, as of a time.
    pub async fn client_at(&self, now: Timestamp) -> Result<ClientProof, EngineError> {
        Ok(ClientProof::load_at(&self.profile, &self.vault, now).await?)
    }

    /// Says that something was mended that no server tells us: what was refused is asked for again.
    pub fn try_again(&self) {
        if let Some(keeper) = self.loaded_keeper() {
            keeper.try_again();
        }
    }

    /// Keeps a password.
    pub async fn set_password(&self, password: &SecretString) -> Result<(), EngineError> {
        let kept = self.vault.put(&self.password_key(), password).await;
        Ok(kept.map_err(AuthError::from)?)
    }

    /// Forgets tokens or password.
    pub async fn forget(&self) -> Result<(), EngineError> {
        let removed = if self.is_password() {
            self.vault.remove(&self.password_key()).await
        } else if let Ok(keeper) = self.keeper().await {
            return Ok(keeper.sign_out().await?);
        } else {
            // A profile that cannot be used, say for its missing CA file, must not keep its secrets alive.
            self.vault.remove(&format!("token/{}", self.key)).await
        };
        Ok(removed.map_err(AuthError::from)?)
    }

    fn password_key(&self) -> String {
        format!("password/{}", self.key)
    }
}

/// Signs in for one account, in all of its mailboxes and for sending.
#[derive(Debug)]
pub struct Signer {
    /// The account.
    pub account: Account,
    /// Its row.
    pub id: AccountId,
    /// Proves who reads.
    pub receive: Arc<Proof>,
    /// Proves who sends; the same unless the account says otherwise.
    pub send: Arc<Proof>,
    /// Connections of this identity.
    pub budget: Arc<Budget>,
    /// The organisation's address book.
    pub directory: tokio::sync::Mutex<Book>,
    trust: OnceCell<Trust>,
    renewed: watch::Sender<u64>,
    /// Whether a person was told that this account needs a sign-in.
    is_told: AtomicBool,
    /// Whether a person was told that its mail does not go over SMTP.
    is_detour_told: AtomicBool,
}

impl Signer {
    /// Makes the signer of an account.
    pub fn new(
        account: Account,
        id: AccountId,
        vault: &Vault,
        clock: &SharedClock,
        budget: Arc<Budget>,
    ) -> Self {
        let name = account.name.clone();
        let is_one = account.send_sign_in == account.sign_in;
        let mut uses = reading(&account);
        if is_one {
            uses.extend(sending(&account));
        }
        let receive = Proof::new((&account.sign_in, uses), name, vault, clock);
        let receive = Arc::new(receive);
        let send = if is_one {
            Arc::clone(&receive)
        } else {
            let key = format!("{}+send", account.name);
            let profile = (&account.send_sign_in, sending(&account));
            Arc::new(Proof::new(profile, key, vault, clock))
        };
        Self {
            account,
            id,
            receive,
            send,
            budget,
            directory: tokio::sync::Mutex::default(),
            trust: OnceCell::new(),
            renewed: watch::Sender::new(0),
            is_told: AtomicBool::new(false),
            is_detour_told: AtomicBool::new(false),
        }
    }

    /// Returns both proofs, or the one where they are the same.
    pub fn proofs(&self) -> Vec<&Arc<Proof>> {
        if Arc::ptr_eq(&self.receive, &self.send) {
            vec![&self.receive]
        } else {
            vec![&self.receive, &self.send]
        }
    }

    /// Returns the time now, by the clock that decides expiry.
    pub fn now(&self) -> Timestamp {
        self.receive.clock.now()
    }

    /// Returns what the account's mail servers are trusted by.
    pub async fn trust(&self) -> Result<Trust, EngineError> {
        let load = || load_trust(self.account.servers.ca_file.clone());
        Ok(self.trust.get_or_try_init(load).await?.clone())
    }

    /// Says that somebody signed in, out, or changed a password: parked workers look again.
    pub fn renew(&self) {
        self.is_told.store(false, Ordering::Relaxed);
        self.renewed.send_modify(|count| *count += 1);
    }

    /// Tells about [`Self::renew`].
    pub fn renewed(&self) -> watch::Receiver<u64> {
        self.renewed.subscribe()
    }

    /// Returns `true` once per loss of the sign-in, so that forty mailboxes do not say the same.
    pub fn should_tell(&self) -> bool {
        !self.is_told.swap(true, Ordering::Relaxed)
    }

    /// Returns `true` once: nobody wants to be told with every message that it goes another way.
    pub fn should_tell_detour(&self) -> bool {
        !self.is_detour_told.swap(true, Ordering::Relaxed)
    }

    /// Waits until a sign-in is worth another try: tokens became fresh, or somebody signed in or changed a password.
    /// `renewed` is from [`Self::renewed`], taken before the try that failed, so that nothing in between is missed.
    pub async fn signed_in(&self, proof: &Proof, renewed: &mut watch::Receiver<u64>) {
        let Some(mut state) = proof.loaded_keeper().map(TokenKeeper::state) else {
            let _ = renewed.changed().await;
            return;
        };
        let was_fresh = matches!(*state.borrow(), TokenState::Fresh { .. });
        let fresh = async {
            if was_fresh {
                // A server refuses a token that is fine by its date: only another sign-in changes that.
                std::future::pending::<()>().await;
            }
            let is_fresh = |state: &TokenState| matches!(state, TokenState::Fresh { .. });
            if state.wait_for(is_fresh).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            _ = renewed.changed() => {}
            () = fresh => {}
        }
    }

    /// Returns who logs in to send as `sender`: the identity (protocol facts §5.2), but the mailbox where the application
    /// signs in as itself (§5.5).
    pub fn sending_user<'s>(&'s self, sender: &'s str) -> &'s str {
        if self.send.profile().method.is_app_only() {
            sender
        } else {
            self.account.identity()
        }
    }

    /// Tells whose a connection for sending as `sender` is: one over HTTPS names the mailbox, one over SMTP who logs in.
    pub fn sending_place<'s>(&'s self, protocol: OutgoingProtocol, sender: &'s str) -> &'s str {
        if protocol.is_web() {
            sender
        } else {
            self.sending_user(sender)
        }
    }

    /// Says whom and what a failure of the incoming server was about.
    pub fn blame_incoming(&self, mailbox: &str, source: BackendError) -> EngineError {
        let server = &self.account.servers.incoming;
        self.blame(mailbox, (server.protocol.title(), &server.host), source)
    }

    /// Says whom and what a failure of the outgoing server was about.
    pub fn blame_outgoing(&self, mailbox: &str, source: BackendError) -> EngineError {
        let outgoing = self.account.servers.outgoing.as_ref();
        let place = outgoing.map_or(("", ""), |server| {
            (server.protocol.title(), server.host.as_str())
        });
        self.blame(mailbox, place, source)
    }

    /// Returns what sends where SMTP sign-in is switched off: what the servers say, the server that is read from where
    /// it sends, too, and Graph for Microsoft's mailboxes. `None` where nothing could, or SMTP is not used anyway.
    pub fn fallback(&self) -> Option<OutgoingServer> {
        let servers = &self.account.servers;
        let outgoing = servers.outgoing.as_ref()?;
        if outgoing.protocol != OutgoingProtocol::Smtp {
            return None;
        }
        let web = |protocol, host: &str, port| OutgoingServer {
            protocol,
            host: host.to_owned(),
            port,
            tls: TlsMode::Implicit,
            path: None,
        };
        let incoming = &servers.incoming;
        let sends = if self.send.is_password() {
            self.receive.profile()
        } else {
            self.send.profile()
        };
        match (&servers.fallback, incoming.protocol) {
            (Some(server), _) => Some(server.clone()),
            (None, IncomingProtocol::Graph) => {
                Some(web(OutgoingProtocol::Graph, &incoming.host, incoming.port))
            }
            (None, IncomingProtocol::Ews) => {
                let ews = web(OutgoingProtocol::Ews, &incoming.host, incoming.port);
                let path = incoming.path.clone();
                Some(OutgoingServer { path, ..ews })
            }
            (None, _) if sends.provider.is_microsoft() && sends.method != Method::Password => {
                Some(web(OutgoingProtocol::Graph, sends.cloud.graph_host(), 443))
            }
            (None, _) => None,
        }
    }

    /// Says whom and what a failure of a server was about.
    pub fn blame(
        &self,
        mailbox: &str,
        (protocol, host): (&'static str, &str),
        source: BackendError,
    ) -> EngineError {
        // A token that could not be had in the middle is no different from one that could not be had before.
        if let BackendError::Token(source) = source {
            return EngineError::Auth(*source);
        }
        EngineError::Backend {
            mailbox: mailbox.to_owned(),
            identity: self.account.identity().to_owned(),
            host: host.to_owned(),
            protocol,
            source,
        }
    }
}

/// Returns what an account reads with.
fn reading(account: &Account) -> Vec<Function> {
    let others = (!account.additional_users.is_empty()).then_some(Function::AdditionalUsers);
    let own = Function::reading(account.servers.incoming.protocol);
    std::iter::once(own).chain(others).collect()
}

/// Returns what an account sends with; nothing where it only reads.
fn sending(account: &Account) -> Vec<Function> {
    let Some(server) = &account.servers.outgoing else {
        return Vec::new();
    };
    let others = (!account.additional_users.is_empty()).then_some(Function::SendForOthers);
    let own = Function::sending(server.protocol);
    std::iter::once(own).chain(others).collect()
}

/// Returns the scopes that a sign-in asks for, where its profile names none, in an account with these servers.
pub fn asked_scopes(account: &Account) -> Vec<String> {
    let mut uses = reading(account);
    if account.send_sign_in.name == account.sign_in.name {
        uses.extend(sending(account));
    }
    first_scopes(&equipped(&account.sign_in, &uses))
}

/// Returns a profile that asks for what an account does with it.
fn equipped(profile: &SignInProfile, uses: &[Function]) -> SignInProfile {
    let scopes = scopes_for(profile, uses);
    if scopes.is_empty() {
        return profile.clone();
    }
    SignInProfile {
        scopes,
        ..profile.clone()
    }
}

/// Whether the provider gave a token that is of no use.
fn lacks_permission(error: &AuthError) -> bool {
    matches!(
        error,
        AuthError::Denied {
            denial: Denial::MissingPermission { .. },
            ..
        }
    )
}

fn never_signed_in() -> AuthError {
    AuthError::Denied {
        denial: Denial::NeverSignedIn,
        error: String::new(),
        code: String::new(),
        description: String::new(),
        suberror: String::new(),
        correlation_id: String::new(),
        time: String::new(),
    }
}
