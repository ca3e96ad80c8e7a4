//! What only Exchange's own shell can grant: rights on mailboxes, protocols switched on (protocol facts §5, §6.5).

use std::fmt::Write as _;

use crate::admin::document::{Document, Language, Step};
use crate::admin::functions::Function;
use crate::admin::kit::{APPLICATION, Kit};
use crate::admin::quote::powershell as quoted;
use crate::admin::sending::{joined, smtp_auth};
use crate::model::{Address, Cloud};

/// Writes the lines for Exchange Online PowerShell, one per mailbox. `None` where there is no Exchange of one's own.
pub fn powershell(kit: &Kit<'_>) -> Option<Document> {
    joined(kit, own)
}

fn own(kit: &Kit<'_>) -> Option<Document> {
    let title = format!("Exchange Online PowerShell for {}", kit.whose());
    let mut steps = vec![connect(kit)];
    if kit.is_smtp_password() {
        steps.extend(smtp_auth(kit));
        steps.extend(sending(kit));
        steps.extend(sent_copies(kit));
        return Some(Document::new(&title, steps));
    }
    if !kit.has_organisation() {
        return None;
    }
    let has_grants = kit.is_app_only() && (kit.opens_by_grant() || kit.sends_by_grant());
    if has_grants {
        steps.push(service_principal(kit));
    }
    steps.extend(reading(kit));
    steps.extend(sending(kit));
    steps.extend(sent_copies(kit));
    steps.extend(protocols(kit));
    steps.extend(ews_allow_list(kit));
    if steps.len() == 1 {
        steps.push(Step::new(
            "Go on",
            "Exchange itself has nothing to grant for these functions: the permissions of the registration are enough.",
        ));
    } else {
        steps.extend(look(kit));
    }
    if kit.is_app_only()
        && let Some(limit) = rbac(kit)
    {
        if !has_grants {
            steps.push(service_principal(kit).alternative());
        }
        steps.push(limit);
    }
    Some(Document::new(&title, steps))
}

fn script(title: &str, text: &str, lines: &[String]) -> Step {
    Step::new(title, text).with(Language::PowerShell, &lines.join("\n"))
}

fn connect(kit: &Kit<'_>) -> Step {
    let mut line = "Connect-ExchangeOnline".to_owned();
    if let Some(tenant) = kit.tenant() {
        let _ = write!(line, " -Organization {}", quoted(tenant));
    }
    line += match kit.profile().cloud {
        Cloud::Public => "",
        Cloud::UsGov => " -ExchangeEnvironmentName O365USGovGCCHigh",
        Cloud::UsDod => " -ExchangeEnvironmentName O365USGovDoD",
        Cloud::China => " -ExchangeEnvironmentName O365China",
    };
    script(
        "Connect",
        "As an Exchange administrator. The module is installed once: Install-Module ExchangeOnlineManagement.",
        &[line],
    )
}

fn service_principal(kit: &Kit<'_>) -> Step {
    let lines = [
        format!("$appId = {}", quoted(kit.client_id())),
        "# The Object ID under Entra ID > ENTERPRISE APPLICATIONS > Pillarbox.".to_owned(),
        "# Not the Object ID under App registrations: that one fails later, without a word why."
            .to_owned(),
        format!("$objectId = {}", quoted(kit.object_id())),
        format!(
            "New-ServicePrincipal -AppId $appId -ObjectId $objectId -DisplayName {}",
            quoted(APPLICATION)
        ),
        "$app = Get-ServicePrincipal -Identity $objectId".to_owned(),
    ];
    script(
        "Make the application known to Exchange",
        "Once per organisation. If it says that it exists already, go on with the last line.",
        &lines,
    )
}

/// Who is granted rights, as an argument.
fn trustee(kit: &Kit<'_>) -> String {
    if kit.is_app_only() {
        "$app.Identity".to_owned()
    } else {
        quoted(kit.account.identity())
    }
}

fn per_mailbox<'a>(
    mailboxes: impl IntoIterator<Item = &'a Address>,
    line: impl Fn(&str) -> String,
) -> Vec<String> {
    let mailboxes = mailboxes.into_iter();
    mailboxes
        .map(|mailbox| line(&quoted(&mailbox.email)))
        .collect()
}

fn reading(kit: &Kit<'_>) -> Option<Step> {
    let mailboxes = kit.granted_mailboxes();
    if mailboxes.is_empty() || !kit.opens_by_grant() {
        return None;
    }
    let user = trustee(kit);
    let mapping = if kit.is_app_only() {
        ""
    } else {
        " -AutoMapping $false"
    };
    let lines = per_mailbox(mailboxes, |mailbox| {
        format!(
            "Add-MailboxPermission -Identity {mailbox} -User {user} -AccessRights FullAccess -InheritanceType All{mapping}"
        )
    });
    Some(script(
        "Let the mailboxes be opened",
        "Full Access, one line per mailbox. It may take up to two hours until it works.",
        &lines,
    ))
}

fn sending(kit: &Kit<'_>) -> Option<Step> {
    let mailboxes = kit.granted_mailboxes();
    if mailboxes.is_empty() || !kit.sends_by_grant() {
        return None;
    }
    let user = trustee(kit);
    let lines: Vec<String> = mailboxes
        .into_iter()
        .map(|mailbox| {
            let address = quoted(&mailbox.email);
            if kit.is_on_behalf(mailbox) {
                format!("Set-Mailbox -Identity {address} -GrantSendOnBehalfTo @{{Add={user}}}")
            } else {
                format!(
                    "Add-RecipientPermission -Identity {address} -Trustee {user} -AccessRights SendAs -Confirm:$false"
                )
            }
        })
        .collect();
    Some(script(
        "Let mail be sent from them",
        "Full Access alone does not allow sending. It may take up to two hours until it works.",
        &lines,
    ))
}

/// What an application sends is filed in the mailbox itself; what a person sends for others, in the person's.
fn sent_copies(kit: &Kit<'_>) -> Option<Step> {
    let mailboxes = kit.granted_mailboxes();
    if mailboxes.is_empty() || kit.is_app_only() || !kit.functions.sends() {
        return None;
    }
    let lines: Vec<String> = mailboxes
        .into_iter()
        .map(|mailbox| {
            let flag = if kit.is_on_behalf(mailbox) {
                "MessageCopyForSendOnBehalfEnabled"
            } else {
                "MessageCopyForSentAsEnabled"
            };
            format!(
                "Set-Mailbox -Identity {} -{flag} $true",
                quoted(&mailbox.email)
            )
        })
        .collect();
    Some(script(
        "File sent mail in the mailbox it was sent from",
        "Otherwise it is only among the sent items of the person who sent it.",
        &lines,
    ))
}

fn protocols(kit: &Kit<'_>) -> Option<Step> {
    let has = |function| kit.functions.has(function);
    let mut lines = Vec::new();
    let mut reading = String::new();
    for (function, switch) in [
        (Function::Imap, " -ImapEnabled $true"),
        (Function::Pop, " -PopEnabled $true"),
        (Function::Ews, " -EwsEnabled $true"),
    ] {
        if has(function) {
            reading += switch;
        }
    }
    let smtp = " -SmtpClientAuthenticationDisabled $false";
    let shared = has(Function::Shared) || kit.is_app_only();
    for mailbox in kit.account.mailbox_addresses() {
        let is_main = mailbox.is_same_mailbox(&kit.account.address);
        // SMTP signs in as the person, whoever the mail is from; an application signs in as each mailbox.
        let submits = has(Function::Smtp) && (is_main || kit.is_app_only());
        let switches = format!("{reading}{}", if submits { smtp } else { "" });
        if !switches.is_empty() && (is_main || shared) {
            lines.push(format!(
                "Set-CASMailbox -Identity {}{switches}",
                quoted(&mailbox.email)
            ));
        }
    }
    if lines.is_empty() {
        return None;
    }
    let text = if lines.iter().any(|line| line.contains(smtp)) {
        "SMTP authentication is often off for the whole organisation, and then for OAuth too; these lines switch it on \
         for these mailboxes only. It may take up to an hour."
    } else {
        "For these mailboxes only. It may take up to an hour."
    };
    Some(script("Switch on the protocols", text, &lines))
}

/// Exchange Online lets only listed applications use EWS. The list is written whole, so what stands in it is read first
/// (protocol facts §7.1).
fn ews_allow_list(kit: &Kit<'_>) -> Option<Step> {
    if !kit.functions.has(Function::Ews) {
        return None;
    }
    let lines = [
        "$config = Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy".to_owned(),
        "$config | Format-List EwsEnabled,EwsAllowedAppIDs".to_owned(),
        "$listed = \"$($config.EwsAllowedAppIDs)\" -split '[,\\s]+' -ne ''".to_owned(),
        format!(
            "$listed = $listed + {} | Select-Object -Unique",
            quoted(kit.client_id())
        ),
        "Set-OrganizationConfig -EwsAllowedAppIDs ($listed -join ',')".to_owned(),
        "Set-OrganizationConfig -EwsEnabled $true".to_owned(),
    ];
    Some(script(
        "Let the application use EWS",
        "Exchange Online blocks EWS since 1 October 2026 except for the applications on this list, and ends it for \
         everybody on 1 April 2027. The list is written whole, so these lines keep who is in it already. Where \
         EwsEnabled was empty, every application that is not listed loses EWS by the last line. It may take more than \
         24 hours. Better: Microsoft Graph or IMAP.",
        &lines,
    ))
}

fn look(kit: &Kit<'_>) -> Option<Step> {
    let user = trustee(kit);
    let mut lines = Vec::new();
    if kit.opens_by_grant() {
        lines.extend(per_mailbox(kit.granted_mailboxes(), |mailbox| {
            format!("Get-MailboxPermission -Identity {mailbox} -User {user} | Format-List User,AccessRights")
        }));
    }
    if kit.sends_by_grant() {
        let granted = kit.granted_mailboxes().into_iter();
        let sent_as = granted.filter(|mailbox| !kit.is_on_behalf(mailbox));
        lines.extend(per_mailbox(sent_as, |mailbox| {
            format!("Get-RecipientPermission -Identity {mailbox} -Trustee {user} | Format-List Trustee,AccessRights")
        }));
    }
    let is_switched = [Function::Imap, Function::Pop, Function::Smtp, Function::Ews];
    if is_switched
        .iter()
        .any(|function| kit.functions.has(*function))
    {
        lines.extend(per_mailbox([&kit.account.address], |mailbox| {
            format!(
                "Get-CASMailbox -Identity {mailbox} | Format-List ImapEnabled,PopEnabled,EwsEnabled,SmtpClientAuthenticationDisabled"
            )
        }));
    }
    (!lines.is_empty()).then(|| script("Look at the result", "These lines change nothing.", &lines))
}

/// Roles of Exchange's own that can be limited to mailboxes. There is none for IMAP and POP.
fn rbac(kit: &Kit<'_>) -> Option<Step> {
    let roles: Vec<&str> = [
        (Function::Smtp, "Application SMTP.SendAsApp"),
        (Function::GraphRead, "Application Mail.ReadWrite"),
        (Function::GraphSend, "Application Mail.Send"),
        (Function::Ews, "Application EWS.AccessAsApp"),
    ]
    .into_iter()
    .filter(|(function, _)| kit.functions.has(*function))
    .map(|(_, role)| role)
    .collect();
    if roles.is_empty() {
        return None;
    }
    let members: Vec<String> = kit
        .account
        .mailbox_addresses()
        .map(|mailbox| quoted(&mailbox.email))
        .collect();
    let scope = quoted("Pillarbox mailboxes");
    let mut lines = vec![
        format!(
            "$group = New-DistributionGroup -Name {scope} -Type Security -Members {}",
            members.join(",")
        ),
        "$dn = (Get-Group -Identity $group.Identity).DistinguishedName -replace \"'\", \"''\""
            .to_owned(),
        format!(
            "New-ManagementScope -Name {scope} -RecipientRestrictionFilter \"MemberOfGroup -eq '$dn'\""
        ),
    ];
    for role in roles {
        lines.push(format!(
            "New-ManagementRoleAssignment -App $objectId -Role {} -CustomResourceScope {scope}",
            quoted(role)
        ));
    }
    lines.extend(per_mailbox(kit.account.mailbox_addresses(), |mailbox| {
        format!("Test-ServicePrincipalAuthorization -Identity $objectId -Resource {mailbox} | Format-Table RoleName,InScope")
    }));
    let text = "RBAC for Applications limits an application to the direct members of a group. It adds to what Entra \
                grants, so leave the roles of the same name (SMTP.SendAsApp, Mail.ReadWrite, Mail.Send, \
                full_access_as_app) out of the registration. There is no such role for IMAP and POP: those need a \
                grant for each mailbox. It may take up to two hours; Test-ServicePrincipalAuthorization tells at once.";
    Some(
        script(
            "Instead of roles in Entra: RBAC for Applications",
            text,
            &lines,
        )
        .alternative(),
    )
}
