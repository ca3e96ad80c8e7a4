//! From what is being set up to the fields of the form: which there are now, in which order, each with where its value
//! comes from.

use crate::engine::Candidate;
use crate::model::{IncomingProtocol, Method, OutgoingProtocol, Provider, TlsMode};
use crate::tui::screens::setup::fields::{
    ASSERTIONS, CLOUDS, KINDS, METHODS, Options, PROVIDERS, READS, SENDS, TLS, allowed,
    is_read_over, is_sent_over, origin, why_not, word,
};
use crate::tui::screens::setup::sheet::{Reach, Sending, Sheet, Target};
use crate::tui::widgets::form::Item;

/// Makes the fields.
pub fn items(sheet: &Sheet) -> Vec<Item> {
    let mut items = Vec::new();
    match sheet.target {
        Target::Account => account(sheet, &mut items),
        Target::SignIn => {
            let name = &sheet.account.sign_in.name;
            let users = sheet.others_of_sign_in(name);
            items.push(Item::fixed("profile", "Sign-in profile", name));
            items.push(Item::fixed("used", "Used by", &used(&users)));
            sign_in(sheet, &mut items);
            items
                .push(text(sheet, "domains", "For mail domains").with_note("found by the address"));
        }
        Target::Servers => {
            let name = &sheet.account.servers.name;
            let users = sheet.others_of_servers(name);
            items.push(Item::fixed("profile", "Server profile", name));
            items.push(Item::fixed("used", "Used by", &used(&users)));
            servers(sheet, &mut items);
        }
    }
    items.push(Item::button(
        "save",
        match (sheet.target, sheet.is_edit) {
            (Target::Account, false) => "Save and go on",
            _ => "Save",
        },
    ));
    if !sheet.with_more {
        items.push(Item::button("more", "More settings"));
    }
    items
}

/// Returns the fields that must be filled in, each with where to get the value.
pub fn missing(sheet: &Sheet) -> Vec<(&'static str, &'static str)> {
    let mut missing = Vec::new();
    if sheet.taken().needs_consent.is_some() && !sheet.has_consent {
        missing.push(("consent", ""));
    }
    let profile = &sheet.account.sign_in;
    let is_token = profile.method != Method::Password;
    let needs_place = !profile.provider.is_microsoft() && profile.provider != Provider::Gmail;
    let has_endpoint = !sheet.text("authority").is_empty() || !sheet.text("token").is_empty();
    if is_token && needs_place && !has_endpoint {
        missing.push(("authority", "from your provider"));
    }
    if is_token && sheet.text("client").is_empty() {
        missing.push(("client", "from your administrator"));
    }
    if profile.method == Method::ClientCertificate && sheet.text("certificate").is_empty() {
        missing.push(("certificate", "PEM file"));
    }
    if sheet.text("incoming").is_empty() {
        missing.push(("incoming", "from your provider"));
    }
    missing
}

fn used(users: &[&str]) -> String {
    if users.is_empty() {
        "no account".to_owned()
    } else {
        users.join(", ")
    }
}

fn account(sheet: &Sheet, items: &mut Vec<Item>) {
    let taken = sheet.taken();
    items.push(Item::fixed(
        "address",
        "E-mail address",
        &sheet.account.address.email,
    ));
    items.push(text(sheet, "display", "Your name").with_note("shown to recipients"));
    if !sheet.found.alternatives.is_empty() {
        items.push(found(sheet));
    }
    if let Some(domain) = &taken.needs_consent {
        let options = vec!["not yet".to_owned(), format!("yes, {domain} is right")];
        let agreed = usize::from(sheet.has_consent);
        items.push(
            Item::choice("consent", "Trust these servers", options, agreed)
                .with_note("nobody vouches for them"),
        );
    }
    sign_in(sheet, items);
    servers(sheet, items);
    sending(sheet, items);
    if sheet.account.sign_in.provider == Provider::OutlookCom {
        let why = "none: personal accounts open only their own";
        items.push(Item::fixed("no-users", "Additional users", why));
    } else {
        items.push(text(sheet, "users", "Additional users"));
        if sheet.with_more {
            items.push(text(sheet, "behalf", "  on behalf of").with_note("of those above"));
        }
    }
    if sheet.is_edit {
        items.push(Item::fixed("name", "Account name", &sheet.account.name));
    } else {
        items.push(text(sheet, "name", "Account name").with_note("short, for this program"));
    }
}

/// One line for everything that was found: which servers, and from where.
fn found(sheet: &Sheet) -> Item {
    let count = sheet.found.alternatives.len() + 1;
    let label = |place: usize, host: &str, from| {
        format!("{} of {count}: {host}, {}", place + 1, origin(from))
    };
    let first = &sheet.found;
    let host = &first.account.servers.incoming.host;
    let mut options = vec![label(0, host, first.servers_origin)];
    for (place, other) in first.alternatives.iter().enumerate() {
        let host = &other.servers.incoming.host;
        options.push(label(place + 1, host, other.servers_origin));
    }
    Item::choice("found", "Found", options, sheet.place)
}

/// Whether a profile that exists already says everything, so that its fields would only be in the way.
fn is_settled(sheet: &Sheet) -> bool {
    let profile = &sheet.account.sign_in;
    let is_known = sheet.config.sign_in.get(&profile.name) == Some(profile);
    let is_whole = !missing(sheet)
        .iter()
        .any(|(id, _)| ["authority", "client", "certificate"].contains(id));
    !sheet.is_edit && !sheet.with_more && is_known && is_whole
}

fn sign_in(sheet: &Sheet, items: &mut Vec<Item>) {
    let profile = &sheet.account.sign_in;
    let taken = sheet.taken();
    let is_as_found = taken.account.sign_in.provider == profile.provider;
    let from = if is_as_found {
        origin(taken.sign_in_origin)
    } else {
        "as chosen"
    };
    if sheet.target == Target::Account && !sheet.config.sign_in.is_empty() {
        let names = sheet.config.sign_in.keys().cloned();
        items.push(profile_choice(
            "profile",
            "Sign-in profile",
            names.collect(),
            &profile.name,
        ));
    }
    if is_settled(sheet) {
        let how = format!(
            "{}, {}",
            word(PROVIDERS, profile.provider),
            word(METHODS, profile.method)
        );
        items.push(Item::fixed("settled", "Sign-in by", &how));
        return;
    }
    items.push(choice("provider", "Provider", PROVIDERS, profile.provider).with_note(from));
    if profile.provider == Provider::Microsoft365
        && (sheet.with_more || profile.cloud != crate::model::Cloud::Public)
    {
        items.push(choice("cloud", "Cloud", CLOUDS, profile.cloud));
    }
    let methods = allowed(profile.provider);
    let chosen = word(METHODS, profile.method);
    let place = methods.iter().position(|method| *method == chosen);
    let options = methods.into_iter().map(str::to_owned).collect();
    items.push(Item::choice(
        "method",
        "Sign-in by",
        options,
        place.unwrap_or(0),
    ));
    if profile.method != Method::Password {
        application(sheet, from, items);
    }
    if sheet.target == Target::Account {
        items.push(password(sheet));
        let others = sheet.others_of_sign_in(&profile.name);
        reach(("reach", sheet.sign_in_reach), &others, items);
    }
}

/// The fields of a sign-in by token.
fn application(sheet: &Sheet, from: &str, items: &mut Vec<Item>) {
    let profile = &sheet.account.sign_in;
    match profile.provider {
        Provider::Microsoft365 => {
            items.push(from_somewhere(sheet, ("tenant", "Tenant"), from));
        }
        Provider::OutlookCom | Provider::Gmail => {}
        Provider::ExchangeServer | Provider::Custom => {
            items.push(from_somewhere(
                sheet,
                ("authority", "Sign-in service"),
                from,
            ));
        }
    }
    items.push(text(sheet, "client", "Application ID"));
    if profile.method.is_delegated() {
        items.push(choice("kind", "  is", KINDS, profile.client));
    }
    if profile.needs_secret() {
        items.push(Item::secret("secret", "Secret").with_note(sheet.fate().note()));
        items.push(text(sheet, "expires", "  good until").with_note("YYYY-MM-DD"));
    }
    if profile.method == Method::ClientCertificate {
        items.push(text(sheet, "certificate", "Certificate").with_note("PEM file"));
        items.push(text(sheet, "key", "  its key").with_note("empty: in the same file"));
    }
    if profile.method == Method::Browser {
        items.push(text(sheet, "redirect", "Redirect URI").with_note("to be registered"));
    }
    if sheet.with_more {
        endpoints(sheet, from, items);
    }
}

fn endpoints(sheet: &Sheet, from: &str, items: &mut Vec<Item>) {
    let profile = &sheet.account.sign_in;
    if profile.method == Method::ClientCertificate {
        items.push(choice(
            "assertion",
            "  signed by",
            ASSERTIONS,
            profile.assertion,
        ));
    }
    items.push(text(sheet, "scopes", "Scopes"));
    let usual = |id, label| {
        let from = match sheet.text(id) {
            "" => "empty: as usual",
            _ => from,
        };
        from_somewhere(sheet, (id, label), from)
    };
    if profile.provider.is_microsoft() {
        items.push(usual("authority", "Sign-in service"));
    }
    if profile.method == Method::Browser {
        items.push(usual("authorize", "Sign-in endpoint"));
    }
    if profile.method == Method::DeviceCode {
        items.push(usual("device", "Device endpoint"));
    }
    items.push(usual("token", "Token endpoint"));
    items.push(text(sheet, "ca", "CA file").with_note("PEM, private CA"));
}

/// The password, or why there is none.
fn password(sheet: &Sheet) -> Item {
    let profile = &sheet.account.sign_in;
    if sheet.needs_password() {
        let is_for_sending = sheet.account.sign_in.method != Method::Password;
        let note = if is_for_sending {
            "for sending only"
        } else {
            "empty: asked for later"
        };
        return Item::secret("password", "Password").with_note(note);
    }
    let why = match why_not(profile.provider, Method::Password) {
        Some(_) if profile.provider == Provider::Microsoft365 => {
            "none: Microsoft ended them in January 2023"
        }
        Some(_) => "none: Microsoft ended them on 2024-09-16",
        None if profile.method.is_app_only() => "none: the application signs in as itself",
        None => "none: OAuth asks for it in the browser",
    };
    Item::fixed("no-password", "Password", why)
}

fn servers(sheet: &Sheet, items: &mut Vec<Item>) {
    let profile = &sheet.account.servers;
    let taken = sheet.taken();
    if sheet.target == Target::Account && !sheet.config.servers.is_empty() {
        let names = sheet.config.servers.keys().cloned().collect();
        items.push(profile_choice(
            "server-profile",
            "Server profile",
            names,
            &profile.name,
        ));
    }
    let from = servers_note(&taken);
    let provider = sheet.account.sign_in.provider;
    let incoming = &profile.incoming;
    let reads = |one: &&(&str, IncomingProtocol)| {
        one.1 == incoming.protocol || is_read_over(provider, one.1)
    };
    items.push(choice_of(
        "reads",
        "Reads over",
        READS.iter().filter(reads),
        incoming.protocol,
    ));
    items.push(from_somewhere(sheet, ("incoming", "  server"), &from));
    if !incoming.protocol.is_web() {
        items.push(tls("incoming-tls", incoming.tls));
    }
    let outgoing = profile.outgoing.as_ref();
    let protocol = outgoing.map_or(OutgoingProtocol::Smtp, |server| server.protocol);
    let sends =
        |one: &&(&str, OutgoingProtocol)| one.1 == protocol || is_sent_over(provider, one.1);
    items.push(choice_of(
        "sends",
        "Sends over",
        SENDS.iter().filter(sends),
        protocol,
    ));
    items.push(from_somewhere(sheet, ("outgoing", "  server"), &from));
    if !protocol.is_web() && (!sheet.text("outgoing").is_empty() || sheet.with_more) {
        items.push(tls(
            "outgoing-tls",
            outgoing.map_or(TlsMode::StartTls, |server| server.tls),
        ));
    }
    if sheet.target == Target::Account {
        let others = sheet.others_of_servers(&profile.name);
        reach(("server-reach", sheet.servers_reach), &others, items);
    }
}

/// Says where the servers come from, or what to think about before they are taken.
fn servers_note(taken: &Candidate) -> String {
    match (&taken.needs_consent, &taken.stands_for_ews) {
        (Some(domain), _) => format!("of {domain}"),
        (None, Some(_)) => "instead of EWS, which ends here".to_owned(),
        (None, None) => origin(taken.servers_origin).to_owned(),
    }
}

/// Makes a choice of those options that are possible.
fn choice_of<'a, T: PartialEq + Copy + 'a>(
    id: &'static str,
    label: &'static str,
    options: impl Iterator<Item = &'a (&'static str, T)>,
    value: T,
) -> Item {
    let options: Vec<_> = options.collect();
    let chosen = options.iter().position(|(_, one)| *one == value);
    let words = options.iter().map(|(word, _)| (*word).to_owned()).collect();
    Item::choice(id, label, words, chosen.unwrap_or(0))
}

fn tls(id: &'static str, mode: TlsMode) -> Item {
    let item = choice(id, "  protected by", TLS, mode);
    if mode == TlsMode::None {
        item.with_note("not encrypted!")
    } else {
        item
    }
}

fn sending(sheet: &Sheet, items: &mut Vec<Item>) {
    if sheet.text("outgoing").is_empty() {
        return;
    }
    let all = sheet.sendings();
    let chosen = all.iter().position(|(_, one)| *one == sheet.sending);
    let options = all.into_iter().map(|(words, _)| words).collect();
    let item = Item::choice("send", "Sends by", options, chosen.unwrap_or(0));
    let is_microsoft = sheet.account.sign_in.provider.is_microsoft();
    items.push(match sheet.sending {
        Sending::Password if is_microsoft => item.with_note("only until end of 2026"),
        _ => item,
    });
    if sheet.with_more || !sheet.text("login").is_empty() {
        items.push(text(sheet, "login", "Sign-in name").with_note("if not the address"));
    }
}

fn reach((id, chosen): (&'static str, Reach), others: &[&str], items: &mut Vec<Item>) {
    if others.is_empty() {
        return;
    }
    let options = vec![
        "this account alone".to_owned(),
        format!("also {}", others.join(", ")),
    ];
    let place = usize::from(chosen == Reach::All);
    items.push(Item::choice(id, "  changes are for", options, place));
}

fn profile_choice(id: &'static str, label: &str, mut names: Vec<String>, chosen: &str) -> Item {
    let place = names.iter().position(|name| name == chosen);
    names.push("a new one".to_owned());
    let last = names.len() - 1;
    Item::choice(id, label, names, place.unwrap_or(last))
}

fn text(sheet: &Sheet, id: &'static str, label: &str) -> Item {
    Item::text(id, label, sheet.texts.get(id).map_or("", String::as_str))
}

/// A text that says where it comes from until something else is typed.
fn from_somewhere(sheet: &Sheet, (id, label): (&'static str, &str), from: &str) -> Item {
    let is_typed = sheet.typed.contains(id);
    text(sheet, id, label).with_note(if is_typed { "as typed" } else { from })
}

fn choice<T: PartialEq + Copy>(
    id: &'static str,
    label: &str,
    options: Options<T>,
    value: T,
) -> Item {
    let place = options.iter().position(|(_, option)| *option == value);
    let words = options.iter().map(|(word, _)| (*word).to_owned()).collect();
    Item::choice(id, label, words, place.unwrap_or(0))
}
