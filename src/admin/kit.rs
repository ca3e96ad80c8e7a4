//! An account seen from the administrator's side: which tenant, which registration, which of the portal's words.

use crate::admin::functions::{Function, Functions};
use crate::model::{
    Access, Account, Address, ClientKind, Cloud, Method, Permission, PermissionApi, Provider,
    SignInProfile,
};

/// The name under which the application is registered.
pub const APPLICATION: &str = "Pillarbox";

/// Everything the documents are made of.
#[derive(Clone, Debug)]
pub struct Kit<'a> {
    /// Whose account.
    pub account: &'a Account,
    /// What it is to do.
    pub functions: Functions,
    /// The object id of the enterprise application, where it is known.
    pub object_id: Option<&'a str>,
    /// The same of the application that only sends.
    pub send_object_id: Option<&'a str>,
    profile: &'a SignInProfile,
    /// What is left to another sign-in, which only sends.
    apart: Option<Functions>,
}

/// Who may use the registered application.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// One tenant.
    OneTenant,
    /// Every work or school account.
    ManyTenants,
    /// Every account, personal ones too.
    Everybody,
    /// Personal accounts only.
    Personal,
}

impl Audience {
    /// Returns `signInAudience` of the manifest (protocol facts §1.2).
    pub const fn manifest(self) -> &'static str {
        match self {
            Self::OneTenant => "AzureADMyOrg",
            Self::ManyTenants => "AzureADMultipleOrgs",
            Self::Everybody => "AzureADandPersonalMicrosoftAccount",
            Self::Personal => "PersonalMicrosoftAccount",
        }
    }

    /// Returns the portal's words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OneTenant => "Accounts in this organizational directory only (Single tenant)",
            Self::ManyTenants => "Accounts in any organizational directory (Multitenant)",
            Self::Everybody => {
                "Accounts in any organizational directory and personal Microsoft accounts"
            }
            Self::Personal => "Personal Microsoft accounts only",
        }
    }
}

impl<'a> Kit<'a> {
    /// Takes an account and what it is to do. Where another application or a password sends, that is no task of the
    /// sign-in that reads: [`Kit::sending`] is about it.
    pub fn new(account: &'a Account, functions: Functions) -> Self {
        let (functions, apart) = if sends_apart(account) {
            functions.without_sending()
        } else {
            (functions, None)
        };
        Self {
            account,
            functions,
            object_id: None,
            send_object_id: None,
            profile: &account.sign_in,
            apart,
        }
    }

    /// The same account seen from the sign-in that only sends; `None` where the one that reads sends, too.
    pub fn sending(&self) -> Option<Self> {
        Some(Self {
            account: self.account,
            functions: self.apart.clone()?,
            object_id: self.send_object_id,
            send_object_id: None,
            profile: &self.account.send_sign_in,
            apart: None,
        })
    }

    /// Tells whether this is about the sign-in that only sends.
    pub fn is_for_sending(&self) -> bool {
        !std::ptr::eq(self.profile, &raw const self.account.sign_in)
    }

    /// The sign-in profile that is registered.
    pub const fn profile(&self) -> &'a SignInProfile {
        self.profile
    }

    /// Tells whether Exchange Online is to take a password for sending.
    pub fn is_smtp_password(&self) -> bool {
        let profile = self.profile();
        profile.provider == Provider::Microsoft365
            && profile.method == Method::Password
            && self.functions.has(Function::Smtp)
    }

    /// Tells whether Entra ID is asked at all.
    pub const fn is_entra(&self) -> bool {
        self.profile().provider.is_microsoft() && !matches!(self.profile().method, Method::Password)
    }

    /// Tells whether there is an organisation with an administrator and Exchange of its own.
    pub fn has_organisation(&self) -> bool {
        self.is_entra() && !self.is_personal()
    }

    /// Tells whether only personal accounts are meant.
    pub fn is_personal(&self) -> bool {
        self.audience() == Audience::Personal
    }

    /// Whose permissions they are.
    pub const fn access(&self) -> Access {
        if self.profile().method.is_app_only() {
            Access::Application
        } else {
            Access::Delegated
        }
    }

    /// Tells whether the application signs in as itself.
    pub const fn is_app_only(&self) -> bool {
        self.profile().method.is_app_only()
    }

    /// Tells whether the application has no secret.
    pub fn is_public(&self) -> bool {
        !self.is_app_only() && self.profile().client == ClientKind::Public
    }

    /// The least permissions.
    pub fn permissions(&self) -> Vec<(PermissionApi, &'static Permission)> {
        self.functions
            .permissions(self.access(), self.is_personal())
    }

    /// Returns the tenant where it is one, and not an alias for many.
    pub fn tenant(&self) -> Option<&'a str> {
        // A password belongs to the organisation of its mailbox, and says nothing of it.
        let tenant = match self.profile().method {
            Method::Password => self.account.sign_in.tenant.trim(),
            _ => self.profile().tenant.trim(),
        };
        let is_alias = ["", "common", "organizations", "consumers"]
            .iter()
            .any(|alias| tenant.eq_ignore_ascii_case(alias));
        (!is_alias).then_some(tenant)
    }

    /// Who may use the application, as the tenant says.
    pub fn audience(&self) -> Audience {
        let profile = self.profile();
        match profile.tenant.to_ascii_lowercase().as_str() {
            "common" => Audience::Everybody,
            "consumers" => Audience::Personal,
            _ if profile.provider == Provider::OutlookCom => Audience::Personal,
            "organizations" | "" => Audience::ManyTenants,
            _ => Audience::OneTenant,
        }
    }

    /// Returns where the browser is sent back to; an application that signs in as itself needs no such place.
    pub fn redirect_uri(&self) -> Option<&'a str> {
        match &self.profile().redirect_uri {
            _ if self.is_app_only() => None,
            Some(uri) => Some(uri),
            None => Some("http://localhost"),
        }
    }

    /// Returns the client id, or what stands for it.
    pub fn client_id(&self) -> &'a str {
        match self.profile().client_id.trim() {
            "" => "CLIENT-ID",
            id => id,
        }
    }

    /// Returns the object id of the enterprise application, or what stands for it.
    pub fn object_id(&self) -> &'a str {
        self.object_id.unwrap_or("ENTERPRISE-APPLICATION-OBJECT-ID")
    }

    /// All mailboxes for an application; those of others for a person, who needs no right to the own one.
    pub fn granted_mailboxes(&self) -> Vec<&'a Address> {
        if self.is_app_only() {
            self.account.mailbox_addresses().collect()
        } else if self.functions.has(Function::Shared) {
            self.account.additional_users.iter().collect()
        } else {
            Vec::new()
        }
    }

    /// Tells whether mailboxes open only once Exchange has granted each of them. An application needs that over IMAP and
    /// POP3; over Graph and EWS its roles open every mailbox of the organisation.
    pub fn opens_by_grant(&self) -> bool {
        if self.is_app_only() {
            self.functions.has(Function::Imap) || self.functions.has(Function::Pop)
        } else {
            self.functions.reads_mailboxes()
        }
    }

    /// Tells whether mail leaves from a mailbox only once Exchange has granted that; as with [`Kit::opens_by_grant`].
    pub fn sends_by_grant(&self) -> bool {
        if self.is_app_only() {
            self.functions.has(Function::Smtp)
        } else {
            self.functions.sends()
        }
    }

    /// Tells whether a mailbox is only sent on behalf of.
    pub fn is_on_behalf(&self, mailbox: &Address) -> bool {
        !self.is_app_only() && self.account.sender_for(mailbox).is_some()
    }

    /// Returns the portal's address (protocol facts §1.3).
    pub const fn portal(&self) -> &'static str {
        match self.profile().cloud {
            Cloud::Public => "https://entra.microsoft.com",
            Cloud::UsGov | Cloud::UsDod => "https://portal.azure.us",
            Cloud::China => "https://portal.azure.cn",
        }
    }

    /// Returns what is written behind an account's name in titles.
    pub fn whose(&self) -> &'a str {
        match self.account.address.email.as_str() {
            "" => "a new account",
            email => email,
        }
    }
}

/// Two profiles of one application are one registration, with the permissions of both.
fn sends_apart(account: &Account) -> bool {
    let (reading, sending) = (&account.sign_in, &account.send_sign_in);
    let is_one_application = reading.provider == sending.provider
        && reading.method.is_app_only() == sending.method.is_app_only()
        && !reading.client_id.trim().is_empty()
        && reading.client_id.eq_ignore_ascii_case(&sending.client_id);
    let is_password = |profile: &SignInProfile| profile.method == Method::Password;
    reading.name != sending.name
        && (!is_one_application || is_password(reading) || is_password(sending))
}
