// table: one row per permission
//! Microsoft's permissions for mail: names, ids and plain words (protocol facts §3.1, §3.2). Data only.

/// Whose permission it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Access {
    /// A person's, used by the application in that person's name (`scp` of a token).
    Delegated,
    /// The application's own (`roles` of a token).
    Application,
}

/// The service that issues it in a registration.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum PermissionApi {
    /// Office 365 Exchange Online.
    Exchange,
    /// Microsoft Graph.
    Graph,
}

impl PermissionApi {
    /// Returns the service's application id, `resourceAppId` of a manifest.
    pub const fn app_id(self) -> &'static str {
        match self {
            Self::Exchange => "00000002-0000-0ff1-ce00-000000000000",
            Self::Graph => "00000003-0000-0000-c000-000000000000",
        }
    }
}

/// A permission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permission {
    /// Its name without a resource, such as `IMAP.AccessAsUser.All`.
    pub name: &'static str,
    /// Whose.
    pub access: Access,
    /// Its id among Exchange Online's, empty where it is none of those.
    pub exchange_id: &'static str,
    /// Its id among Graph's, empty where it is none of those.
    pub graph_id: &'static str,
    /// What it allows, in plain words, as the end of "Pillarbox may …".
    pub words: &'static str,
}

use Access::{Application, Delegated};

#[rustfmt::skip]
const PERMISSIONS: &[Permission] = &[
    Permission { name: "IMAP.AccessAsUser.All", access: Delegated, exchange_id: "195adc35-e27b-454b-a7ed-1ecdffa1c09f", graph_id: "652390e4-393a-48de-9484-05f9b1212954", words: "read and change your mail over IMAP" },
    Permission { name: "POP.AccessAsUser.All", access: Delegated, exchange_id: "fb698133-92fa-453e-a9ed-688e10f2e5ac", graph_id: "d7b7f2d9-0f45-4ea1-9d42-e50810c06991", words: "fetch your mail over POP3" },
    Permission { name: "SMTP.Send", access: Delegated, exchange_id: "76faac2a-0f20-42f1-928a-50de5b9dbe52", graph_id: "258f6531-6087-4cc4-bb90-092c5fb3ed3f", words: "send mail as you over SMTP" },
    Permission { name: "EWS.AccessAsUser.All", access: Delegated, exchange_id: "3b5f3d61-589b-4a3c-a359-5dd4b5ee5bd5", graph_id: "9769c687-087d-48ac-9cb3-c37dde652038", words: "read and change your mail over Exchange Web Services" },
    Permission { name: "Mail.ReadWrite", access: Delegated, exchange_id: "", graph_id: "024d486e-b451-40bb-833d-3e66d98c5c73", words: "read and change your mail over Microsoft Graph" },
    Permission { name: "Mail.ReadWrite.Shared", access: Delegated, exchange_id: "", graph_id: "5df07973-7d5d-46ed-9847-1271055cbd51", words: "read and change mail in mailboxes shared with you" },
    Permission { name: "Mail.Send", access: Delegated, exchange_id: "", graph_id: "e383f46e-2787-4529-855e-0e479a3ffac0", words: "send mail as you over Microsoft Graph" },
    Permission { name: "Mail.Send.Shared", access: Delegated, exchange_id: "", graph_id: "a367ab51-6b49-43bf-a716-a1fb06d2a174", words: "send mail from mailboxes shared with you" },
    Permission { name: "User.Read", access: Delegated, exchange_id: "", graph_id: "e1fe6dd8-ba31-4d61-89e7-88639da4683d", words: "see who you are" },
    Permission { name: "offline_access", access: Delegated, exchange_id: "", graph_id: "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", words: "stay signed in without asking you again" },
    Permission { name: "openid", access: Delegated, exchange_id: "", graph_id: "37f7f235-527c-4136-accd-4a02d197296e", words: "be told who signed in" },
    Permission { name: "profile", access: Delegated, exchange_id: "", graph_id: "14dad69e-099b-42c9-810b-d002981feec1", words: "see your name" },
    Permission { name: "IMAP.AccessAsApp", access: Application, exchange_id: "5e5addcd-3e8d-4e90-baf5-964efab2b20a", graph_id: "", words: "read and change mail over IMAP in every mailbox it is given" },
    Permission { name: "POP.AccessAsApp", access: Application, exchange_id: "cb842b43-da6e-4506-86fe-bb12199c656d", graph_id: "", words: "fetch mail over POP3 in every mailbox it is given" },
    Permission { name: "SMTP.SendAsApp", access: Application, exchange_id: "7146a1f0-8703-45b3-9eae-527a64c00995", graph_id: "", words: "send mail over SMTP from every mailbox it is given" },
    Permission { name: "full_access_as_app", access: Application, exchange_id: "dc890d15-9560-4a4c-9b7f-a736ec74ec40", graph_id: "", words: "read and change every mailbox of the organisation over Exchange Web Services" },
    Permission { name: "Mail.ReadWrite", access: Application, exchange_id: "", graph_id: "e2a3a72e-5f79-4c64-b1b1-878b674786c9", words: "read and change mail in every mailbox of the organisation over Microsoft Graph" },
    Permission { name: "Mail.Send", access: Application, exchange_id: "", graph_id: "b633e1c5-b582-4048-a93e-9f11b44c7e96", words: "send mail from every mailbox of the organisation over Microsoft Graph" },
];

/// Finds a permission by a scope or role as a token or request names it, with or without its resource.
pub fn permission(scope: &str, access: Access) -> Option<&'static Permission> {
    let name = scope.rsplit('/').next().unwrap_or(scope);
    PERMISSIONS
        .iter()
        .find(|known| known.access == access && known.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_found_with_and_without_its_resource() {
        for scope in [
            "IMAP.AccessAsUser.All",
            "https://outlook.office.com/IMAP.AccessAsUser.All",
            "https://outlook.office365.com/imap.accessasuser.all",
        ] {
            let found = permission(scope, Delegated).unwrap();
            assert_eq!(found.exchange_id, "195adc35-e27b-454b-a7ed-1ecdffa1c09f");
        }
        assert_eq!(permission("IMAP.AccessAsUser.All", Application), None);
        assert_eq!(permission("", Delegated), None);
    }

    #[test]
    fn a_name_may_be_a_persons_and_an_applications() {
        let own = permission("Mail.Send", Delegated).unwrap();
        let app = permission("Mail.Send", Application).unwrap();
        assert_ne!(own.graph_id, app.graph_id);
    }

    #[test]
    fn no_id_stands_twice() {
        let mut ids: Vec<&str> = PERMISSIONS
            .iter()
            .flat_map(|known| [known.exchange_id, known.graph_id])
            .filter(|id| !id.is_empty())
            .collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
