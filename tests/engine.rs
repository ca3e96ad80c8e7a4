//! The engine against the demo tenant: sign-in, reading, sending, an outsider refused, tokens renewed without a trace.

#[cfg(test)]
mod engine {
    use std::path::Path;
    use std::time::Duration;

    use pillarbox::config::{Config, Paths};
    use pillarbox::demo::{Habits, Options as Demo, Tenant};
    use pillarbox::engine::{
        BodyState, CheckStep, CheckWish, DeviceProgress, Engine, Event, Health, Options, Reading,
        Rights, SendTest, Sending, SignInEvent, Unlock,
    };
    use pillarbox::model::{Address, Draft, Folder, Listed, MailboxId, Role, Scope, Window};
    use tokio::time::{Instant, sleep};

    /// A wait that only a broken program reaches.
    const PATIENCE: Duration = Duration::from_secs(60);

    struct Story {
        tenant: Tenant,
        engine: Engine,
        _home: tempfile::TempDir,
    }

    fn config(home: &Path, tenant: &Tenant) -> String {
        let ca = tenant.ca_file.display();
        format!(
            r#"
            [sign_in.demo]
            provider = "custom"
            method = "device-code"
            client_id = "{}"
            authority = "{}"
            ca_file = "{ca}"
            [servers.demo]
            incoming = {{ protocol = "imap", host = "localhost", port = {}, tls = "implicit" }}
            outgoing = {{ protocol = "smtp", host = "localhost", port = {}, tls = "starttls" }}
            ca_file = "{ca}"
            files_sent_copy = {}
            [account.work]
            address = "{}"
            sign_in = "demo"
            servers = "demo"
            additional_users = "{}; {}"
            [vault]
            kind = "file"
            key_file = "{}"
            "#,
            tenant.client_id,
            tenant.authority,
            tenant.imap_port,
            tenant.smtp_port,
            tenant.files_sent_copy,
            tenant.user,
            tenant.shared.join("; "),
            tenant.forbidden,
            home.join("key").display(),
        )
    }

    fn draft(from: &str, to: &str, subject: &str) -> Draft {
        Draft {
            from: Address::bare(from),
            to: to.into(),
            subject: subject.into(),
            text: "Good morning\n".into(),
            ..Draft::default()
        }
    }

    impl Story {
        async fn begin(token_life: Duration) -> Self {
            let home = tempfile::tempdir().unwrap();
            let options = Demo {
                token_life,
                chatter: false,
                messages: 600,
                ..Demo::new(home.path())
            };
            let habits = Habits {
                poll_interval: Duration::from_secs(1),
                ..Habits::default()
            };
            let tenant = Tenant::start_with(options, habits).await.unwrap();
            let paths = Paths::under(home.path());
            paths.prepare().unwrap();
            std::fs::write(&paths.config, config(home.path(), &tenant)).unwrap();
            let engine = Engine::start(Options {
                config: Config::load(&paths).unwrap(),
                paths,
                unlock: Unlock::Unattended,
                background: true,
            });
            Self {
                engine: engine.await.unwrap(),
                tenant,
                _home: home,
            }
        }

        /// Checks everything, with a message sent from each mailbox to itself; none is left behind.
        async fn check(&self, user: &str) {
            let mut lines = self.engine.check(CheckWish {
                send_test: SendTest::Send,
                ..CheckWish::of("work")
            });
            let mut rights = std::collections::BTreeMap::new();
            while let Some(line) = lines.recv().await {
                let is_forbidden = line.mailbox == self.tenant.forbidden;
                let may_fail =
                    is_forbidden && matches!(line.step, CheckStep::Login | CheckStep::Sender);
                assert_eq!(line.outcome.is_err(), may_fail, "{line:?}");
                if let Some(found) = line.rights {
                    rights.insert(line.mailbox, found);
                }
            }
            let all = Rights {
                reading: Reading::Full,
                sending: Sending::SendAs,
            };
            let none = Rights {
                reading: Reading::None,
                sending: Sending::None,
            };
            assert_eq!(rights[&self.tenant.forbidden], none);
            assert_eq!(rights[user], all);
            assert_eq!(rights[&self.tenant.shared[0]], all);
        }

        /// Signs in; whoever uses the code is `who`.
        async fn sign_in(&self, who: &str) -> SignInEvent {
            let mut sign_in = self.engine.sign_in("work").await.unwrap();
            loop {
                match sign_in.events.recv().await.unwrap() {
                    SignInEvent::Device(DeviceProgress::Code(code)) => {
                        assert!(self.tenant.control().approve_as(&code.user_code, who));
                    }
                    SignInEvent::Device(_) => {}
                    last => return last,
                }
            }
        }

        async fn mailbox(&self, address: &str) -> MailboxId {
            let mailboxes = self.engine.mailboxes().await.unwrap();
            let found = mailboxes.iter().find(|one| one.address.email == address);
            found.unwrap().id
        }

        async fn until_health(&self, address: &str, wanted: Health) {
            let id = self.mailbox(address).await;
            let started = Instant::now();
            while self.engine.status(id).health != wanted {
                let status = self.engine.status(id);
                assert!(started.elapsed() < PATIENCE, "{address}: {status:?}");
                sleep(Duration::from_millis(20)).await;
            }
        }

        async fn folder(&self, address: &str, role: Role) -> Folder {
            let id = self.mailbox(address).await;
            let folders = self.engine.folders(id).await.unwrap();
            folders.into_iter().find(|one| one.role == role).unwrap()
        }

        async fn until_listed(&self, address: &str, role: Role, subject: &str) -> Listed {
            let scope = Scope::Folder(self.folder(address, role).await.id);
            let started = Instant::now();
            loop {
                let page = self.engine.list(scope.clone(), Window::Newest, 200).await;
                let mut rows = page.unwrap().rows.into_iter();
                if let Some(row) = rows.find(|row| row.envelope.subject == subject) {
                    return row;
                }
                assert!(started.elapsed() < PATIENCE, "{subject} never came");
                sleep(Duration::from_millis(20)).await;
            }
        }

        async fn until_readable(&self, row: &Listed) {
            let started = Instant::now();
            while !matches!(
                self.engine.body(row.id, 80).await.unwrap(),
                BodyState::Ready(_)
            ) {
                assert!(started.elapsed() < PATIENCE, "{row:?}");
                sleep(Duration::from_millis(20)).await;
            }
        }

        async fn send(&self, draft: Draft) {
            let id = self.engine.send(draft, None, Duration::ZERO).await.unwrap();
            assert_eq!(self.engine.wait_sent(id).await.unwrap(), None);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn from_sign_in_to_delivered_mail() {
        let story = Story::begin(Duration::from_secs(300)).await;
        let (user, shared) = (story.tenant.user.clone(), story.tenant.shared.clone());
        story.until_health(&user, Health::NeedsYou).await;
        let stranger = story.sign_in("stranger@example.org").await;
        assert!(matches!(stranger, SignInEvent::Failed(_)), "{stranger:?}");
        let done = story.sign_in(&user).await;
        assert!(matches!(done, SignInEvent::Done(_)), "{done:?}");

        story.until_health(&user, Health::Fine).await;
        for address in &shared {
            story.until_health(address, Health::Fine).await;
        }
        story
            .until_health(&story.tenant.forbidden, Health::NeedsYou)
            .await;

        story.send(draft(&user, &user, "To myself")).await;
        let support = shared.first().unwrap();
        story.send(draft(support, &user, "From support")).await;
        for subject in ["To myself", "From support"] {
            let row = story.until_listed(&user, Role::Inbox, subject).await;
            story.until_readable(&row).await;
            story.until_listed(&user, Role::Sent, subject).await;
        }
        let row = story.until_listed(&user, Role::Inbox, "To myself").await;
        story.engine.delete(vec![row.id]).await.unwrap();
        story.until_listed(&user, Role::Trash, "To myself").await;

        story.check(&user).await;
        story.engine.stop().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn short_lived_tokens_are_renewed_without_a_trace() {
        let story = Story::begin(Duration::from_secs(6)).await;
        let user = story.tenant.user.clone();
        story.sign_in(&user).await;
        story.until_health(&user, Health::Fine).await;
        let id = story.mailbox(&user).await;
        let forbidden = story.mailbox(&story.tenant.forbidden).await;
        while story.engine.status(forbidden).health != Health::NeedsYou {
            sleep(Duration::from_millis(20)).await;
        }
        let mut events = story.engine.events();
        // Three lives of a token; mail comes all the time.
        for number in 0..15 {
            let subject = format!("Number {number}");
            let message = format!(
                "From: x@y.test\r\nSubject: {subject}\r\nMessage-ID: <{number}@y.test>\r\n\r\nText\r\n"
            );
            let control = story.tenant.control();
            control.deliver(&user, "INBOX", message.as_bytes()).unwrap();
            story.until_listed(&user, Role::Inbox, &subject).await;
            let status = story.engine.status(id);
            assert_eq!(status.health, Health::Fine, "{number}: {status:?}");
            sleep(Duration::from_millis(1200)).await;
        }
        assert!(story.tenant.control().requests().refreshes >= 3);
        while let Ok(event) = events.try_recv() {
            let is_interruption = match &event {
                Event::Problem(problem) => problem.mailbox != Some(forbidden),
                Event::SignIn(_) => true,
                _ => false,
            };
            assert!(!is_interruption, "{event:?}");
        }
        story.engine.stop().await;
    }
}
