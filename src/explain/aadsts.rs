// table: one row a code, from Microsoft's reference of error codes (reference-error-codes.md) and reports of clients.
//! What Entra's `AADSTS…` codes mean, who can mend them, and how. Data only.

use crate::explain::notice::{Notice, Remedy, Who};

/// One or several codes with the same meaning.
struct Row {
    codes: &'static [u32],
    title: &'static str,
    cause: &'static str,
    who: Who,
    how: &'static str,
    /// The line that mends it; empty for the address of Microsoft's own explanation.
    copy: &'static str,
    remedy: Remedy,
}

const fn row(
    codes: &'static [u32],
    title: &'static str,
    cause: &'static str,
    who: Who,
    how: &'static str,
    copy: &'static str,
    remedy: Remedy,
) -> Row {
    Row {
        codes,
        title,
        cause,
        who,
        how,
        copy,
        remedy,
    }
}

use Remedy::{EditAccount, None as Nothing, Retry, SignIn};
use Who::{Developers, TenantAdministrator as Admin, You};

const CODES: &str = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row(&[16000, 16001, 16002, 160_021], "The sign-in service does not know which account to use", "Several sessions are open in the browser", You, "Sign in again and pick the account", "", SignIn),
    row(&[50011, 70004, 500_112], "The address to return to is not registered", "The app's registration does not list the redirect address", Admin, "Add the address under Authentication, Mobile and desktop applications", "pillarbox admin guide ACCOUNT", Nothing),
    row(&[50012, 50013, 50027, 50048, 700_027, 700_030, 700_211, 700_212], "The certificate's or secret's proof is not valid", "The certificate in the registration is another one than is used here, or has expired", Admin, "Upload the certificate that is used here; the thumbprint is on the token screen", "", EditAccount),
    row(&[700_024, 500_133], "The certificate's proof is from another time", "The clock of this machine is wrong, so the proof seems too old or too new", You, "Set the clock of this machine, then try again", "timedatectl status", Retry),
    row(&[16003, 50014, 50020, 51004], "This account belongs to another organisation", "The account is no member or guest of the tenant", You, "Use the tenant of the account, or have it invited as a guest", "", EditAccount),
    row(&[50034], "This user does not exist in the tenant", "The address is misspelt or the tenant is another one", You, "Check address and tenant", "", EditAccount),
    row(&[50053], "The account is locked", "Too many wrong attempts, or sign-ins from a suspicious address", Admin, "Wait a while, or have the account unlocked", "", SignIn),
    row(&[50055, 50125, 50135, 50144], "The password has expired", "The organisation wants a new password from time to time", You, "Change the password in a browser, then sign in again", "", SignIn),
    row(&[50057], "The account is disabled", "An administrator has disabled it", Admin, "Have the account enabled", "", Nothing),
    row(&[50058, 50085, 50139, 50143, 50197, 700_020], "A new sign-in is needed", "There is no session any more", You, "Sign in again", "", SignIn),
    row(&[50059], "The sign-in service does not know the tenant", "The app is for one tenant only, but the profile names none", You, "Set the tenant (its domain or id) in the sign-in profile", "", EditAccount),
    row(&[50072, 50074, 50076, 50078, 50079, 50158], "A second factor is needed", "The organisation wants proof by phone, app or key", You, "Sign in again and finish the second factor in the browser", "", SignIn),
    row(&[50089, 50132, 50133, 50173], "The sign-in was ended", "The password was changed, or an administrator ended all sessions", You, "Sign in again", "", SignIn),
    row(&[50005, 50097, 50127, 50129, 50131, 50155, 50187, 53000, 53001, 135_011, 530_002, 530_003, 700_003], "The organisation only allows managed devices", "A policy wants a device that the organisation manages; a device code cannot prove that", Admin, "Ask for an exception for this app, or sign in in a browser on a managed device", "", SignIn),
    row(&[50105], "You are not assigned to the app", "The app is for assigned users only", Admin, "Assign the user under Enterprise applications, Users and groups", "az ad sp update --id CLIENT_ID --set appRoleAssignmentRequired=false", SignIn),
    row(&[50056, 50064, 50126], "User name or password is wrong", "They do not match", You, "Try again", "", SignIn),
    row(&[50049, 50128, 90002, 900_023], "There is no such tenant", "The tenant is misspelt, or lives in another cloud", You, "Check tenant and cloud in the sign-in profile", "", EditAccount),
    row(&[53003, 530_033, 530_034], "A policy of the organisation blocks this way to sign in", "Conditional Access blocks the device code, the app or the place", Admin, "Sign in with the browser instead; if that is blocked too, ask for an exception for this app and quote code and correlation id", "", SignIn),
    row(&[530_032, 530_035], "Security defaults block this way to sign in", "The tenant's security defaults do not allow the device code, without exceptions", Admin, "Sign in with the browser instead", "", SignIn),
    row(&[53002], "The organisation only allows approved apps", "A policy lists the apps that may be used, and this one is not among them", Admin, "Ask for an exception for this app; quote the code and the correlation id", "", Nothing),
    row(&[53004], "A second factor has to be registered first", "The organisation wants it before anything else", You, "Open https://aka.ms/mysecurityinfo, register one, then sign in again", "https://aka.ms/mysecurityinfo", SignIn),
    row(&[50134], "The code was used in another data centre", "The service mixed up its own places", You, "Start the sign-in again", "", SignIn),
    row(&[50140, 50199], "The sign-in was not finished", "The page asked for a confirmation that was not given", You, "Finish it in the browser, or start again", "", SignIn),
    row(&[50147, 50148, 501_481, 501_491], "The proof of the sign-in does not match", "The code verifier is not the one the sign-in began with", Developers, "Start the sign-in again; report it if it happens twice", "", SignIn),
    row(&[50194], "The app is registered for one tenant only", "The profile asks at common or organizations", You, "Set the tenant (its domain or id) in the sign-in profile", "", EditAccount),
    row(&[50196], "The sign-in service was asked too often", "The same question was sent again and again", Developers, "Wait some minutes; report it if it happens twice", "", Retry),
    row(&[50001, 500_011, 500_208, 650_054], "The tenant does not know the mail service", "The scopes name another service, or the tenant has no Exchange", You, "Check the scopes and the cloud in the sign-in profile", "", EditAccount),
    row(&[54005], "The code was used already", "Every code works once", You, "Start the sign-in again", "", SignIn),
    row(&[65001, 90008, 90094], "An administrator has to approve the app first", "Most organisations do not let users give an app access to mail", Admin, "Open the consent address as an administrator and accept", "pillarbox admin consent-url ACCOUNT", SignIn),
    row(&[90095], "The administrator was asked to approve the app", "The request is sent and waits for an answer", Admin, "Wait for the approval, then sign in again; the consent address speeds it up", "pillarbox admin consent-url ACCOUNT", SignIn),
    row(&[65002], "This app id may not be used for mail", "It is one of Microsoft's own and not meant for this", You, "Register an app of your own and use its id", "", EditAccount),
    row(&[65004, 70017], "The sign-in was declined", "No was pressed on the page that asks for permissions", You, "Sign in again and accept", "", SignIn),
    row(&[65005, 650_052, 650_053, 650_056, 650_057], "The app's registration lacks a permission", "A scope asked for here is not among the registration's API permissions", Admin, "Add the permission under API permissions and grant consent", "pillarbox admin manifest ACCOUNT", SignIn),
    row(&[70000], "The sign-in is not valid any more", "It was ended, belongs to another app, or (personal accounts) consent is missing", You, "Sign in again", "", SignIn),
    row(&[70001, 700_011, 700_016], "The tenant does not know this app", "Application id, tenant or cloud is wrong, or the app is brand new or not consented", You, "Check application id, tenant and cloud; a new registration can take an hour", "", EditAccount),
    row(&[70002, 7_000_215], "The app's secret is wrong", "Often the secret's id was pasted instead of its value", You, "Paste the secret's value; make a new secret if it was not kept", "", EditAccount),
    row(&[7_000_222], "The app's secret or certificate has expired", "They end after at most two years", Admin, "Make a new one under Certificates & secrets and enter it here", "az ad app credential reset --id CLIENT_ID --append", EditAccount),
    row(&[7_000_218], "The app is not allowed to sign in without a secret", "\"Allow public client flows\" is off in its registration", Admin, "Registration, Authentication, Advanced settings: set Allow public client flows to Yes", "az ad app update --id CLIENT_ID --is-fallback-public-client true", SignIn),
    row(&[700_025], "The app sent a secret although it has none to send", "The registration is a public client", You, "Take the secret out of the sign-in profile", "", EditAccount),
    row(&[7_000_112], "The app is disabled", "An administrator has disabled it in the tenant", Admin, "Enable it under Enterprise applications", "az ad sp update --id CLIENT_ID --set accountEnabled=true", Nothing),
    row(&[700_005], "The code was used at another tenant", "The sign-in began at another tenant than it ended", You, "Check the tenant, start the sign-in again", "", SignIn),
    row(&[28000, 700_022], "Scopes of several services were asked for at once", "A token is for one service only", You, "Take the scopes of the other service out of the sign-in profile", "", EditAccount),
    row(&[70003, 70005, 70007, 700_051, 700_054], "The kind of answer is not enabled", "The registration does not allow it", Admin, "Enable it under Authentication", "", Nothing),
    row(&[70008, 700_082], "The sign-in has run out", "It was not used for 90 days", You, "Sign in again", "", SignIn),
    row(&[700_084], "The sign-in ends after a day", "The registration lists the address to return to under Single-page application", Admin, "Move it to Mobile and desktop applications, then sign in again", "", SignIn),
    row(&[9_002_327], "The app is registered for web pages only", "The registration lists the address to return to under Single-page application", Admin, "Move it to Mobile and desktop applications, then sign in again", "", SignIn),
    row(&[70012], "The sign-in service failed", "A fault of the service while it looked at a personal account", Who::Provider, "Try again in some minutes", "", Retry),
    row(&[28002, 28003, 70011, 700_023, 1_002_012], "A scope is not valid", "It is misspelt or does not fit this kind of account", You, "Check the scopes in the sign-in profile; leave them empty to let Pillarbox choose", "", EditAccount),
    row(&[70016], "The code was not entered yet", "The sign-in waits for you", You, "Enter the code on the page", "", Nothing),
    row(&[70018, 70019, 70020, 90119, 90120], "The code is wrong or has run out", "Codes live for 15 minutes", You, "Ask for a new code", "", SignIn),
    row(&[70043], "The organisation wants a new sign-in from time to time", "A policy sets how often", You, "Sign in again; it will be asked for again", "", SignIn),
    row(&[9_002_313, 900_144, 90004, 90005, 90013, 90014, 90015, 90019, 90022, 90023, 90100, 90121, 901_002], "The sign-in service does not understand the request", "A setting is empty or malformed, mostly the application id or the tenant", You, "Check the sign-in profile", "", EditAccount),
    row(&[9_002_331, 9_002_332], "The app is for another kind of account", "Its registration does not allow personal, or only allows personal accounts", Admin, "Change the supported account types of the registration, or use another app", "", EditAccount),
    row(&[9_001_023, 90124], "This way to sign in needs a tenant", "It does not work at common or consumers", You, "Set the tenant in the sign-in profile", "", EditAccount),
    row(&[90038, 90043, 90051, 900_382, 900_432, 900_439], "The tenant lives in a national cloud", "It is not in Microsoft's public cloud", You, "Set the cloud of the sign-in profile", "", EditAccount),
    row(&[90072, 90130], "This kind of account cannot be used here", "The tenant does not know it, or it is a personal account", You, "Use a work or school account of this tenant", "", EditAccount),
    row(&[900_561], "The request was sent the wrong way", "A bug", Developers, "Report it", "", Nothing),
    row(&[900_971, 500_113], "The app has no address to return to", "Its registration lists none", Admin, "Add one under Authentication, Mobile and desktop applications", "pillarbox admin guide ACCOUNT", Nothing),
    row(&[50002, 500_021, 500_022, 500_212, 500_213], "The tenant may not be reached from here", "The organisation, or the network's proxy, allows sign-ins to other tenants only", Admin, "Ask for the tenant to be allowed (tenant restrictions, cross-tenant access)", "", Nothing),
    row(&[50015, 54000], "The account is that of a minor", "The law wants a parent's consent first", You, "Sign in to the account in a browser and follow what the page says", "https://account.microsoft.com", SignIn),
    row(&[50161, 50170, 50177, 50178], "The organisation's own second factor does not work", "The service that checks it answers wrongly, or is not set up for this account", Admin, "Quote code and correlation id to the administrator", "", SignIn),
    row(&[50088], "Too many second factors by phone", "Only so many calls and messages are made in a while", You, "Wait some minutes, then sign in again, best with an authenticator app", "", SignIn),
    row(&[50180, 51006], "The organisation wants a sign-in from its own network", "Its policy asks for integrated Windows authentication", Admin, "Sign in with the browser on a machine of the organisation, or ask for an exception", "", SignIn),
    row(&[53010], "A second factor can be registered in certain places only", "The organisation allows it on certain devices or networks only", Admin, "Register one at https://aka.ms/mysecurityinfo from the office or a managed device, then sign in again", "https://aka.ms/mysecurityinfo", SignIn),
    row(&[53011], "The account is blocked as a risk", "The home organisation has seen something suspicious", Admin, "Have the risk looked at and the account unblocked", "", Nothing),
    row(&[80001, 80002, 80005, 80007, 80010, 80013, 80014], "The organisation's own password check does not answer", "Sign-ins are passed to servers of the organisation, and those fail", Admin, "Try again in some minutes; if it stays like this, quote code and correlation id to the administrator", "", Retry),
    row(&[80012], "Signing in is not allowed at this time of day", "The organisation has set hours for it", Admin, "Try again within the hours, or have them changed", "", Retry),
    row(&[50000, 50033, 50087, 50166, 90006, 90012, 90024, 90033, 90036, 90055, 90090, 90091], "The sign-in service is busy", "A fault or a limit of the service itself", Who::Provider, "Try again in some minutes", "", Retry),
    row(&[90027], "This sign-in service is too old for the account", "Personal accounts need version 2.0 of the sign-in addresses", You, "Use addresses that end in /v2.0, or leave them empty to let Pillarbox choose", "", EditAccount),
    row(&[9_002_341], "The sign-in was not confirmed", "The page asked whether this program may use the account, and got no answer", You, "Sign in again in the browser and agree", "", SignIn),
    row(&[1_000_031], "The app cannot be used at the moment", "The tenant blocks it", Admin, "Ask why the app is blocked", "", Nothing),
];

/// Explains a code by its number.
pub(in crate::explain) fn by_number(number: u32) -> Option<Notice> {
    let row = ROWS.iter().find(|row| row.codes.contains(&number))?;
    let notice = Notice::new(row.title)
        .cause(row.cause)
        .how(row.how)
        .who(row.who)
        .remedy(row.remedy);
    let page = page(number);
    let notice = if row.copy.is_empty() {
        notice.copy(page)
    } else {
        notice
            .copy(row.copy)
            .how(format!("Microsoft's words: {page}"))
    };
    Some(notice.code(format!("AADSTS{number}")).source(CODES))
}

/// Finds the first `AADSTS…` code in a text and explains it.
pub(in crate::explain) fn in_text(text: &str) -> Option<Notice> {
    let upper = text.to_ascii_uppercase();
    let (_, rest) = upper.split_once("AADSTS")?;
    let digits: String = rest
        .chars()
        .take_while(char::is_ascii_digit)
        .take(9)
        .collect();
    let number = digits.parse().ok()?;
    Some(by_number(number).unwrap_or_else(|| unknown(number)))
}

/// Says what can be said of a code that is not in the table.
pub(in crate::explain) fn unknown(number: u32) -> Notice {
    Notice::new("The sign-in service refuses")
        .cause("Pillarbox does not know this code")
        .how("Microsoft's page explains it; quote the correlation id when you ask your administrator")
        .who(Who::TenantAdministrator)
        .code(format!("AADSTS{number}"))
        .copy(page(number))
        .source(CODES)
}

/// Returns the address of Microsoft's explanation of a code (protocol facts §2.6).
fn page(number: u32) -> String {
    format!("https://login.microsoftonline.com/error?code={number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_stands_in_the_table_twice() {
        let mut codes: Vec<u32> = ROWS.iter().flat_map(|row| row.codes).copied().collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn a_code_is_found_inside_a_servers_sentence() {
        let notice =
            in_text("invalid_client: AADSTS7000218: The request body must contain …").unwrap();
        assert_eq!(notice.code, "AADSTS7000218");
        assert!(notice.how[0].contains("public client flows"));
    }

    #[test]
    fn an_unknown_code_still_names_the_page_that_explains_it() {
        let notice = in_text("aadsts123456789").unwrap();
        assert_eq!(
            notice.copy,
            "https://login.microsoftonline.com/error?code=123456789"
        );
    }
}
