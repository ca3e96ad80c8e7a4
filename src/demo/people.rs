//! The organisation: who exists, and which mailboxes there are; `rights` says who may open or send as which.

/// The organisation's mail domain.
pub const DOMAIN: &str = "harborvale.example";
/// Name of the organisation.
pub const ORGANISATION: &str = "Harbor & Vale";

/// How somebody writes when he answers or writes by himself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Friendly and short.
    Warm,
    /// To the point.
    Dry,
    /// Never without a joke.
    Wry,
    /// Asks back.
    Curious,
}

/// Somebody with a name and an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Person {
    /// Display name.
    pub name: &'static str,
    /// Address.
    pub email: &'static str,
    /// Job, for signatures.
    pub job: &'static str,
    /// How they write.
    pub manner: Manner,
}

impl Person {
    /// Returns the first name.
    pub fn first_name(&self) -> &'static str {
        self.name.split(' ').next().unwrap_or(self.name)
    }
}

const fn person(
    name: &'static str,
    email: &'static str,
    job: &'static str,
    manner: Manner,
) -> Person {
    Person {
        name,
        email,
        job,
        manner,
    }
}

/// The person the demo is signed in as.
pub const ADA: Person = person(
    "Ada Lindqvist",
    "ada@harborvale.example",
    "Head of Instruments",
    Manner::Dry,
);

/// Everybody else in the house.
pub const COLLEAGUES: [Person; 13] = [
    person(
        "Björn Åkesson",
        "bjorn@harborvale.example",
        "Lamps & Lenses",
        Manner::Wry,
    ),
    person(
        "Priya Raman",
        "priya@harborvale.example",
        "Software, Tide Clocks",
        Manner::Curious,
    ),
    person(
        "Tomasz Wiśniewski",
        "tomasz@harborvale.example",
        "Workshop Foreman",
        Manner::Dry,
    ),
    person(
        "Mireille Dufour",
        "mireille@harborvale.example",
        "Sales, Atlantic Coast",
        Manner::Warm,
    ),
    person(
        "Oskar Feldmann",
        "oskar@harborvale.example",
        "Accounts",
        Manner::Dry,
    ),
    person(
        "Yuki Tanabe",
        "yuki@harborvale.example",
        "Buoy Telemetry",
        Manner::Curious,
    ),
    person(
        "Lerato Mokoena",
        "lerato@harborvale.example",
        "People & Culture",
        Manner::Warm,
    ),
    person(
        "Callum Fraser",
        "callum@harborvale.example",
        "Field Service, North",
        Manner::Wry,
    ),
    person(
        "Inês Carvalho",
        "ines@harborvale.example",
        "Purchasing",
        Manner::Warm,
    ),
    person(
        "Noor Haddad",
        "noor@harborvale.example",
        "Quality",
        Manner::Curious,
    ),
    person(
        "Wei Chen",
        "wei@harborvale.example",
        "Optics Research",
        Manner::Dry,
    ),
    person(
        "Dorothea Vale",
        "dorothea@harborvale.example",
        "Managing Director",
        Manner::Warm,
    ),
    person(
        "Sam Okafor",
        "sam@harborvale.example",
        "IT and everything with a plug",
        Manner::Wry,
    ),
];

/// A mailbox that nobody signs in to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SharedMailbox {
    /// Display name.
    pub name: &'static str,
    /// Address.
    pub email: &'static str,
}

/// The shared mailboxes.
pub const SHARED: [SharedMailbox; 3] = [
    SharedMailbox {
        name: "Harbor & Vale Support",
        email: "support@harborvale.example",
    },
    SharedMailbox {
        name: "Harbor & Vale Billing",
        email: "billing@harborvale.example",
    },
    SharedMailbox {
        name: "The Board",
        email: "board@harborvale.example",
    },
];

/// Lists that reach everybody.
const LISTS: [&str; 2] = ["all@harborvale.example", "workshop@harborvale.example"];

/// Returns the colleague with that address.
pub fn colleague(email: &str) -> Option<&'static Person> {
    COLLEAGUES
        .iter()
        .find(|person| person.email.eq_ignore_ascii_case(email))
}

/// Returns whoever can sign in with that address.
pub fn person_by_email(email: &str) -> Option<Person> {
    if ADA.email.eq_ignore_ascii_case(email) {
        return Some(ADA);
    }
    colleague(email).copied()
}

/// Tells whether the address is in the organisation's domain.
pub fn is_local(email: &str) -> bool {
    email
        .rsplit_once('@')
        .is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(DOMAIN))
}

/// Tells whether mail to a local address can be delivered.
pub fn is_known(email: &str) -> bool {
    person_by_email(email).is_some() || shared(email).is_some() || is_list(email)
}

/// Tells whether the address is a list that reaches everybody.
pub fn is_list(email: &str) -> bool {
    LISTS.iter().any(|list| list.eq_ignore_ascii_case(email))
}

/// Returns the shared mailbox with that address.
pub fn shared(email: &str) -> Option<&'static SharedMailbox> {
    SHARED
        .iter()
        .find(|mailbox| mailbox.email.eq_ignore_ascii_case(email))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_local_addresses_are_not_known() {
        assert!(is_known("all@harborvale.example"));
        assert!(!is_known("adda@harborvale.example"));
        assert!(!is_local("ada@harborvale.example.org"));
    }
}
