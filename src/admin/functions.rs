//! What an account does, and the least permissions for it (protocol facts §3).

use crate::model::{
    Access, Account, IncomingProtocol, Method, OutgoingProtocol, Permission, PermissionApi,
    permission,
};

/// One thing that an account does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Function {
    /// Reading over IMAP.
    Imap,
    /// Fetching over POP3.
    Pop,
    /// Sending over SMTP.
    Smtp,
    /// Opening mailboxes of others with a person's sign-in.
    Shared,
    /// Reading over Microsoft Graph.
    GraphRead,
    /// Sending over Microsoft Graph.
    GraphSend,
    /// Reading and sending over Exchange Web Services.
    Ews,
}

/// What an account does, each once, in the order of [`Function`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Functions(Vec<Function>);

impl Functions {
    /// Takes a choice.
    pub fn new(functions: impl IntoIterator<Item = Function>) -> Self {
        let mut functions: Vec<Function> = functions.into_iter().collect();
        functions.sort_unstable();
        functions.dedup();
        Self(functions)
    }

    /// Tells what an account does. What it does with a password for both is nobody's to grant.
    pub fn of(account: &Account) -> Self {
        let reads = account.sign_in.method != Method::Password;
        let sends = reads || account.send_sign_in.name != account.sign_in.name;
        let incoming = match account.servers.incoming.protocol {
            IncomingProtocol::Imap => Function::Imap,
            IncomingProtocol::Pop3 => Function::Pop,
            IncomingProtocol::Ews => Function::Ews,
            IncomingProtocol::Graph => Function::GraphRead,
        };
        let outgoing = account.servers.outgoing.as_ref();
        let outgoing = outgoing.map(|server| match server.protocol {
            OutgoingProtocol::Smtp => Function::Smtp,
            OutgoingProtocol::Ews => Function::Ews,
            OutgoingProtocol::Graph => Function::GraphSend,
        });
        let shared = (!account.additional_users.is_empty()).then_some(Function::Shared);
        let all = [
            reads.then_some(incoming),
            outgoing.filter(|_| sends),
            shared,
        ];
        Self::new(all.into_iter().flatten())
    }

    /// Leaves sending to another sign-in: returns what is left, and what that other one does, if anything.
    pub fn without_sending(self) -> (Self, Option<Self>) {
        let is_sending =
            |function: &Function| matches!(function, Function::Smtp | Function::GraphSend);
        let (apart, left): (Vec<Function>, Vec<Function>) =
            self.0.into_iter().partition(is_sending);
        if apart.is_empty() {
            return (Self(left), None);
        }
        let shared = left.iter().filter(|one| **one == Function::Shared).copied();
        let apart = Self::new(apart.into_iter().chain(shared));
        (Self(left), Some(apart))
    }

    /// Tells whether a function is chosen.
    pub fn has(&self, function: Function) -> bool {
        self.0.contains(&function)
    }

    /// Tells whether mailboxes are read.
    pub fn reads_mailboxes(&self) -> bool {
        [
            Function::Imap,
            Function::Pop,
            Function::Ews,
            Function::GraphRead,
        ]
        .into_iter()
        .any(|function| self.has(function))
    }

    /// Tells whether mail is sent.
    pub fn sends(&self) -> bool {
        [Function::Smtp, Function::GraphSend, Function::Ews]
            .into_iter()
            .any(|function| self.has(function))
    }

    /// Lists the permissions of a registration with the service that each is taken from. A person's permissions for
    /// IMAP, POP and SMTP stand under Microsoft Graph in the portal; an application's only under Exchange.
    pub fn permissions(
        &self,
        access: Access,
        is_personal: bool,
    ) -> Vec<(PermissionApi, &'static Permission)> {
        let names = match access {
            Access::Delegated => self.delegated(is_personal),
            Access::Application => self.application(),
        };
        names
            .into_iter()
            .filter_map(|(api, name)| Some((api, permission(name, access)?)))
            .collect()
    }

    fn delegated(&self, is_personal: bool) -> Vec<(PermissionApi, &'static str)> {
        let graph = PermissionApi::Graph;
        // What the sign-in itself asks for: who it is, and to stay signed in.
        let mut names = vec![
            (graph, "User.Read"),
            (graph, "offline_access"),
            (graph, "openid"),
            (graph, "profile"),
        ];
        let is_shared = self.has(Function::Shared) && !is_personal;
        for function in &self.0 {
            match function {
                Function::Imap => names.push((graph, "IMAP.AccessAsUser.All")),
                Function::Pop => names.push((graph, "POP.AccessAsUser.All")),
                Function::Smtp => names.push((graph, "SMTP.Send")),
                Function::Ews if !is_personal => {
                    names.push((PermissionApi::Exchange, "EWS.AccessAsUser.All"));
                }
                Function::GraphRead => names.push((graph, "Mail.ReadWrite")),
                Function::GraphSend => names.push((graph, "Mail.Send")),
                Function::Shared | Function::Ews => {}
            }
        }
        if is_shared && self.has(Function::GraphRead) {
            names.push((graph, "Mail.ReadWrite.Shared"));
        }
        if is_shared && self.has(Function::GraphSend) {
            names.push((graph, "Mail.Send.Shared"));
        }
        names
    }

    fn application(&self) -> Vec<(PermissionApi, &'static str)> {
        let name = |function: &Function| match function {
            Function::Imap => Some((PermissionApi::Exchange, "IMAP.AccessAsApp")),
            Function::Pop => Some((PermissionApi::Exchange, "POP.AccessAsApp")),
            Function::Smtp => Some((PermissionApi::Exchange, "SMTP.SendAsApp")),
            Function::Ews => Some((PermissionApi::Exchange, "full_access_as_app")),
            Function::GraphRead => Some((PermissionApi::Graph, "Mail.ReadWrite")),
            Function::GraphSend => Some((PermissionApi::Graph, "Mail.Send")),
            Function::Shared => None,
        };
        self.0.iter().filter_map(name).collect()
    }
}
