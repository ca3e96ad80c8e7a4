//! What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1). lettre itself knows only four extensions.

/// The extensions that matter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Offers {
    /// SASL mechanisms, upper case.
    pub mechanisms: Vec<String>,
    /// Largest message in bytes (RFC 1870); `Some(0)` means "no fixed limit".
    pub size: Option<u64>,
    /// Other keywords, upper case.
    keywords: Vec<String>,
}

impl Offers {
    /// Reads the lines of the last reply among `heard`: a greeting may stand before it.
    pub(super) fn read(heard: &[u8]) -> Self {
        let text = String::from_utf8_lossy(heard);
        let mut offers = Self::default();
        // The first line of the reply to EHLO names the server; a greeting before it is code 220.
        let lines = text.lines().filter_map(|line| line.strip_prefix("250"));
        for line in lines.skip(1).take(200) {
            offers.add(line.trim_start_matches(['-', ' ']).trim());
        }
        offers
    }

    fn add(&mut self, line: &str) {
        let line = line.to_ascii_uppercase();
        let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
        match words.next() {
            // "AUTH=LOGIN" is an old spelling.
            Some("AUTH") => self.mechanisms.extend(words.map(str::to_owned)),
            Some("SIZE") => {
                let size = words.next().and_then(|size| size.parse().ok());
                self.size = Some(size.unwrap_or(0));
            }
            Some(keyword) => self.keywords.push(keyword.to_owned()),
            None => {}
        }
    }

    /// Tells whether a keyword is offered.
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.keywords.iter().any(|known| known == keyword)
    }

    /// Tells whether a SASL mechanism is offered.
    pub(super) fn has_mechanism(&self, mechanism: &str) -> bool {
        self.mechanisms.iter().any(|known| known == mechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchange_online_is_understood() {
        let offers = Offers::read(
            b"220 AM0.outlook.office365.com Microsoft ESMTP MAIL Service ready\r\n250-AM0.outlook.office365.com Hello [1.2.3.4]\r\n\
            250-SIZE 157286400\r\n250-PIPELINING\r\n250-AUTH LOGIN XOAUTH2\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
        );
        assert_eq!(offers.mechanisms, vec!["LOGIN", "XOAUTH2"]);
        assert_eq!(offers.size, Some(157_286_400));
        assert!(offers.has("8BITMIME") && offers.has("SMTPUTF8") && !offers.has("STARTTLS"));
    }

    #[test]
    fn odd_spellings_are_understood() {
        let offers = Offers::read(b"250-x\r\n250-auth=plain\r\n250-size\r\n250 STARTTLS\r\n");
        assert_eq!(
            (
                offers.has_mechanism("PLAIN"),
                offers.size,
                offers.has("STARTTLS")
            ),
            (true, Some(0), true)
        );
        assert_eq!(Offers::read(b"250 AUTH PLAIN"), Offers::default());
    }
}
