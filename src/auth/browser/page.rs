//! The pages a browser shows when it came back. Everything that is not ours is escaped; nothing is loaded or run.

use crate::auth::AuthError;
use crate::model::sanitize_line;

/// A page with its HTTP status line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Page {
    status: &'static str,
    title: &'static str,
    text: String,
}

impl Page {
    pub(super) fn signed_in() -> Self {
        let text = "You can close this window and go back to the terminal.";
        Self::new("200 OK", "Signed in", text)
    }

    /// Shows the provider's own words; the terminal explains them.
    pub(super) fn failed(error: &AuthError) -> Self {
        let words = match error {
            AuthError::Denied {
                error,
                code,
                description,
                ..
            } => [error.as_str(), code, description].join(" "),
            other => other.to_string(),
        };
        let words = sanitize_line(&words);
        let text = format!(
            "{}. The terminal says more.",
            words.trim().trim_end_matches('.')
        );
        Self::new("200 OK", "Not signed in", &text)
    }

    pub(super) fn other_sign_in() -> Self {
        let text =
            "This answer belongs to another sign-in. Open the address that the terminal shows now.";
        Self::new("400 Bad Request", "Not this sign-in", text)
    }

    pub(super) fn nothing_here() -> Self {
        Self::new("404 Not Found", "Nothing here", "")
    }

    pub(super) fn other_method() -> Self {
        Self::new("405 Method Not Allowed", "Not like this", "")
    }

    pub(super) fn nonsense() -> Self {
        Self::new("400 Bad Request", "Not understood", "")
    }

    fn new(status: &'static str, title: &'static str, text: &str) -> Self {
        Self {
            status,
            title,
            text: text.to_owned(),
        }
    }

    /// Writes the whole response. The icon is named so that no browser asks for one.
    pub(super) fn response(&self) -> String {
        let (title, text) = (self.title, escaped(&self.text));
        let body = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">\
             <title>{title}</title><style>body{{font:1.1rem/1.5 sans-serif;max-width:34rem;margin:15vh auto;\
             padding:0 1rem;overflow-wrap:anywhere}}</style></head>\
             <body><h1>{title}</h1><p>{text}</p></body></html>\n"
        );
        format!(
            "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
             X-Frame-Options: DENY\r\n\
             Content-Security-Policy: default-src 'none'; img-src data:; style-src 'unsafe-inline'\r\n\
             Connection: close\r\n\r\n{body}",
            self.status,
            body.len()
        )
    }
}

/// Makes text safe between tags.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::AuthError;

    #[test]
    fn a_providers_words_are_text_and_nothing_else() {
        let error = AuthError::Nonsense {
            host: "<script>alert('1')</script>&\"".into(),
            detail: String::new(),
        };
        let response = Page::failed(&error).response();
        assert!(!response.contains("<script") && !response.contains("alert('"));
        assert!(response.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"));
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
    }
}
