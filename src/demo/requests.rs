//! Counts of what clients asked the tenant for, for tests and the curious.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters, all from the start of the tenant on.
#[derive(Debug, Default)]
pub struct Requests {
    device: AtomicU64,
    polls: AtomicU64,
    refreshes: AtomicU64,
    reused: AtomicU64,
    authorizations: AtomicU64,
    code_exchanges: AtomicU64,
    app_tokens: AtomicU64,
    revocations: AtomicU64,
    imap: AtomicU64,
    smtp: AtomicU64,
    pop: AtomicU64,
    ews: AtomicU64,
    graph: AtomicU64,
    web: AtomicU64,
}

/// A reading of the counters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RequestCounts {
    /// Device sign-ins started.
    pub device_codes: u64,
    /// Polls of device codes.
    pub polls: u64,
    /// Refresh tokens used.
    pub refreshes: u64,
    /// Refresh tokens used again after the grace; a client that does this has lost one.
    pub reused_refresh_tokens: u64,
    /// Authorization requests that browsers brought.
    pub authorizations: u64,
    /// Authorization codes used.
    pub code_exchanges: u64,
    /// Requests for an app's own token.
    pub app_tokens: u64,
    /// Tokens that clients revoked.
    pub revocations: u64,
    /// IMAP log-ins that succeeded.
    pub imap_logins: u64,
    /// SMTP log-ins that succeeded.
    pub smtp_logins: u64,
    /// POP3 log-ins that succeeded.
    pub pop_logins: u64,
    /// EWS requests, whatever became of them.
    pub ews_requests: u64,
    /// Graph requests, whatever became of them; those in a batch count one by one.
    pub graph_requests: u64,
    /// Requests for mail over HTTPS, by EWS or Graph; a batch counts as one.
    pub web_requests: u64,
}

impl Requests {
    /// Counts a started device sign-in.
    pub fn count_device(&self) {
        self.device.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a poll.
    pub fn count_poll(&self) {
        self.polls.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a use of a refresh token.
    pub fn count_refresh(&self) {
        self.refreshes.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a forbidden second use of a refresh token.
    pub fn count_reuse(&self) {
        self.reused.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an authorization request.
    pub fn count_authorization(&self) {
        self.authorizations.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a use of an authorization code.
    pub fn count_code_exchange(&self) {
        self.code_exchanges.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request for an app's own token.
    pub fn count_app_token(&self) {
        self.app_tokens.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a revocation.
    pub fn count_revocation(&self) {
        self.revocations.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an IMAP log-in.
    pub fn count_imap(&self) {
        self.imap.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an SMTP log-in.
    pub fn count_smtp(&self) {
        self.smtp.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a POP3 log-in.
    pub fn count_pop(&self) {
        self.pop.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an EWS request.
    pub fn count_ews(&self) {
        self.ews.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request for mail over HTTPS.
    pub fn count_web(&self) {
        self.web.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a Graph request.
    pub fn count_graph(&self) {
        self.graph.fetch_add(1, Ordering::Relaxed);
    }

    /// Reads the counters.
    pub fn read(&self) -> RequestCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RequestCounts {
            device_codes: read(&self.device),
            polls: read(&self.polls),
            refreshes: read(&self.refreshes),
            reused_refresh_tokens: read(&self.reused),
            authorizations: read(&self.authorizations),
            code_exchanges: read(&self.code_exchanges),
            app_tokens: read(&self.app_tokens),
            revocations: read(&self.revocations),
            imap_logins: read(&self.imap),
            smtp_logins: read(&self.smtp),
            pop_logins: read(&self.pop),
            ews_requests: read(&self.ews),
            graph_requests: read(&self.graph),
            web_requests: read(&self.web),
        }
    }
}
