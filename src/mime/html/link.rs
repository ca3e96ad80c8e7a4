//! Links of HTML mail: which are worth a number, and which lie about where they lead.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use url::Url;

use crate::mime::html::Links;
use crate::model::sanitize_line;

/// Links numbered at most.
const MAX_LINKS: usize = 2000;

/// The links of one layout; cloned handles share them.
#[derive(Clone, Debug)]
pub(super) struct Register {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug)]
struct Inner {
    links: Links,
    targets: Vec<String>,
    numbers: BTreeMap<String, usize>,
    /// Suffixes of the links being open, innermost last.
    suffixes: Vec<String>,
    /// Numbers whose text names another host, with the true one.
    liars: BTreeMap<usize, String>,
}

impl Register {
    pub(super) fn new(links: Links, liars: BTreeMap<usize, String>) -> Self {
        Self {
            inner: Rc::new(RefCell::new(Inner {
                links,
                targets: Vec::new(),
                numbers: BTreeMap::new(),
                suffixes: Vec::new(),
                liars,
            })),
        }
    }

    /// Opens a link and returns its index among the targets; `None` for what is no link for us.
    pub(super) fn open(&self, href: &str) -> Option<usize> {
        let mut inner = self.inner.borrow_mut();
        let index = target(href).and_then(|target| inner.number(target));
        let suffix = index.map_or_else(String::new, |index| inner.suffix(index));
        inner.suffixes.push(suffix);
        index
    }

    /// Closes the innermost link and returns what to write behind it.
    pub(super) fn close(&self) -> String {
        self.inner.borrow_mut().suffixes.pop().unwrap_or_default()
    }

    /// Returns the targets in the order of their numbers.
    pub(super) fn targets(&self) -> Vec<String> {
        self.inner.borrow().targets.clone()
    }
}

impl Inner {
    fn number(&mut self, target: String) -> Option<usize> {
        if let Some(index) = self.numbers.get(&target) {
            return Some(*index);
        }
        if self.targets.len() >= MAX_LINKS {
            return None;
        }
        let index = self.targets.len();
        self.numbers.insert(target.clone(), index);
        self.targets.push(target);
        Some(index)
    }

    fn suffix(&self, index: usize) -> String {
        let truth = self.liars.get(&index);
        match (self.links, truth) {
            (Links::NumberedFrom(base), None) => format!("\u{A0}[{}]", base + index + 1),
            (Links::NumberedFrom(base), Some(host)) => {
                format!("\u{A0}[{}: really {host}]", base + index + 1)
            }
            (Links::Unmarked, Some(host)) => format!(" [really {host}]"),
            (Links::Unmarked, None) => String::new(),
        }
    }
}

/// Returns the target as we would open it: only web and mail addresses count.
fn target(href: &str) -> Option<String> {
    let url = Url::parse(href.trim()).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_known = is_web || url.scheme() == "mailto";
    (is_known && url.as_str().len() <= 8 * 1024).then(|| sanitize_line(url.as_str()))
}

/// Returns the true host when a link's text names another one.
pub(super) fn lie(text: &str, target: &str) -> Option<String> {
    let shown = shown_host(text)?;
    let url = Url::parse(target).ok()?;
    let truth = match url.scheme() {
        "mailto" => url.path().rsplit_once('@')?.1.to_ascii_lowercase(),
        _ => url.host_str()?.to_ascii_lowercase(),
    };
    (!is_same_site(&shown, &truth)).then(|| sanitize_line(&truth))
}

/// The host that a text like `https://bank.example/login` or `www.bank.example` promises.
fn shown_host(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_whitespace) || text.len() > 2000 {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let has_scheme = lower.starts_with("http://") || lower.starts_with("https://");
    let address = if has_scheme {
        lower
    } else if let Some((_, domain)) = lower.rsplit_once('@') {
        format!("https://{domain}")
    } else {
        format!("https://{lower}")
    };
    let host = Url::parse(&address).ok()?.host_str()?.to_ascii_lowercase();
    let (_, top) = host.rsplit_once('.')?;
    let looks_like_host =
        top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    // "readme.txt" and "v1.two" are no promises; a scheme, www. or a path makes one, a usual top domain too.
    let is_promise = has_scheme
        || text.contains('@')
        || host.starts_with("www.")
        || address.matches('/').count() > 2
        || matches!(
            top,
            "com"
                | "org"
                | "net"
                | "de"
                | "eu"
                | "uk"
                | "fr"
                | "it"
                | "es"
                | "nl"
                | "ch"
                | "at"
                | "us"
                | "gov"
                | "edu"
                | "bank"
        );
    (looks_like_host && is_promise).then_some(host)
}

/// `www.` and subdomains of what is shown are the same site.
fn is_same_site(shown: &str, truth: &str) -> bool {
    let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    let (shown, truth) = (bare(shown), bare(truth));
    truth == shown || truth.ends_with(&format!(".{shown}"))
}
