"""exchangelib against the demo tenant's Exchange Web Services, unmodified but for host and CA.

`run` names a file about the tenant in PILLARBOX_TENANT. By hand, without `tenant.py`, these do as well:
PILLARBOX_REFEREE_BASE, PILLARBOX_REFEREE_CA, PILLARBOX_REFEREE_TOKEN (file with a person's token),
PILLARBOX_REFEREE_APP_TOKEN (file with an app's own token), PILLARBOX_REFEREE_USER, PILLARBOX_REFEREE_SHARED.
"""

import os
import sys
import threading
import time
import uuid

import requests
import requests.adapters
from exchangelib import (
    DELEGATE,
    IMPERSONATION,
    OAUTH2,
    Account,
    Build,
    Configuration,
    ExtendedProperty,
    FileAttachment,
    Folder,
    HTMLBody,
    Identity,
    Mailbox,
    Message,
    OAuth2AuthorizationCodeCredentials,
    OAuth2Credentials,
    Q,
    UTC,
    Version,
)
from exchangelib.errors import (
    ErrorFolderNotFound,
    ErrorItemNotFound,
    ErrorSchemaValidation,
    ErrorSubscriptionNotFound,
)
from exchangelib.folders import Messages
from exchangelib.properties import ItemId
from exchangelib.protocol import BaseProtocol
from exchangelib.services import GetItem



def from_file(name):
    with open(os.environ[name], encoding="ascii") as file:
        return file.read().strip()


if "PILLARBOX_TENANT" in os.environ:
    from tenant import Tenant

    HOUSE = Tenant()
    BASE, CA, USER, SHARED = HOUSE.base, HOUSE.ca_file, HOUSE.user, HOUSE.shared[0]
    TOKEN = HOUSE.token("openid https://outlook.office.com/EWS.AccessAsUser.All")
    APP_TOKEN = HOUSE.app_token("daemon-web", "https://outlook.office365.com/.default")
else:
    BASE = os.environ["PILLARBOX_REFEREE_BASE"]
    CA = os.environ["PILLARBOX_REFEREE_CA"]
    USER = os.environ["PILLARBOX_REFEREE_USER"]
    SHARED = os.environ["PILLARBOX_REFEREE_SHARED"]
    TOKEN = from_file("PILLARBOX_REFEREE_TOKEN")
    APP_TOKEN = from_file("PILLARBOX_REFEREE_APP_TOKEN")
ENDPOINT = f"{BASE}/EWS/Exchange.asmx"
# How long mail may take within the tenant.
PATIENCE = 20


class HouseAdapter(requests.adapters.HTTPAdapter):
    """Trusts the tenant's certificate authority and nothing else."""

    def cert_verify(self, conn, url, verify, cert):
        super().cert_verify(conn=conn, url=url, verify=CA, cert=cert)

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
        return super().get_connection_with_tls_context(request, CA, proxies=proxies, cert=cert)


BaseProtocol.HTTP_ADAPTER_CLS = HouseAdapter


class MessageFlags(ExtendedProperty):
    property_tag = 0x0E07
    property_type = "Integer"


class FlagStatus(ExtendedProperty):
    property_tag = 0x1090
    property_type = "Integer"


class MessageSize(ExtendedProperty):
    property_tag = 0x0E08
    property_type = "Integer"


Message.register("message_flags", MessageFlags)
Message.register("flag_status", FlagStatus)
Message.register("message_size", MessageSize)


def shown(token):
    return {"access_token": token, "token_type": "Bearer"}


def account_of(address, version=None):
    """A mailbox with a person's token; without a version, exchangelib asks the server for it."""
    credentials = OAuth2AuthorizationCodeCredentials(access_token=shown(TOKEN))
    config = Configuration(service_endpoint=ENDPOINT, credentials=credentials, auth_type=OAUTH2, version=version,
                           max_connections=4)
    return Account(address, config=config, access_type=DELEGATE, autodiscover=False, default_timezone=UTC)


def app_account_of(address):
    """A mailbox with an app's own token, by impersonation."""
    identity = Identity(primary_smtp_address=address)
    credentials = OAuth2Credentials(
        client_id="app",
        client_secret="",
        tenant_id="house",
        identity=identity,
        access_token=shown(APP_TOKEN),
    )
    config = Configuration(service_endpoint=ENDPOINT, credentials=credentials, auth_type=OAUTH2)
    return Account(address, config=config, access_type=IMPERSONATION, autodiscover=False, default_timezone=UTC)


def same(found, expected, what):
    assert found == expected, f"{what}: {found!r} is not {expected!r}"


def wait_for(what, look):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited in vain: {what}")


def unique(text):
    return f"{text} {uuid.uuid4().hex[:10]}"


def draft(account, folder, subject, **more):
    item = Message(account=account, folder=folder, subject=subject, body="Ahoy\n", **more)
    return item.save()


def the_server_tells_its_version(account):
    version = account.protocol.version
    assert version.build >= Build(15, 20), version
    assert version.api_version.startswith("Exchange"), version


def folders_are_walked(account):
    paths = {folder.absolute for folder in account.root.walk()}
    top = "/root/Top of Information Store"
    for name in ("Inbox", "Drafts", "Sent Items", "Deleted Items", "Junk Email", "Outbox"):
        assert f"{top}/{name}" in paths, (name, sorted(paths))
    same(account.inbox.name, "Inbox", "name")
    same(account.inbox.folder_class, "IPF.Note", "class")
    same(account.inbox.parent.id, account.msg_folder_root.id, "parent")
    children = list(account.msg_folder_root.children)
    same(account.msg_folder_root.child_folder_count, len(children), "children")
    account.inbox.refresh()
    same(account.inbox.total_count, account.inbox.all().count(), "total")
    same(account.inbox.unread_count, account.inbox.filter(is_read=False).count(), "unread")


def folders_are_made_renamed_moved_and_deleted(account):
    name = unique("Harbour")
    made = Messages(parent=account.inbox, name=name)
    made.save()
    inner = Messages(parent=made, name="Inner")
    inner.save()
    made.name = f"{name} II"
    made.save()
    made.refresh()
    same(made.name, f"{name} II", "new name")
    made.move(account.msg_folder_root)
    account.root.clear_cache()
    found = account.msg_folder_root / f"{name} II"
    same(found.id, made.id, "id after the move")
    same([child.name for child in found.children], ["Inner"], "children")
    found.delete()
    account.root.clear_cache()
    assert not list(account.msg_folder_root.glob(f"{name}*"))


def mail_is_listed_in_pages_and_order(account):
    total = account.inbox.all().count()
    items = list(account.inbox.all().order_by("-datetime_received").only("subject", "datetime_received"))
    same(len(items), total, "all pages")
    times = [item.datetime_received for item in items]
    same(times, sorted(times, reverse=True), "order")
    query = account.inbox.all().order_by("-datetime_received").only("subject")
    query.page_size = 5
    same([item.id for item in query[:20]], [item.id for item in items[:20]], "small pages")
    rising = list(account.inbox.all().order_by("datetime_received").only("subject")[:3])
    same({item.id for item in rising} <= {item.id for item in items[-6:]}, True, "the oldest")


def mail_is_filtered(account):
    item = next(i for i in account.inbox.all().only("subject", "message_id", "datetime_received")
                if i.message_id and i.subject)
    found = list(account.inbox.filter(message_id=item.message_id))
    same([one.id for one in found], [item.id], "by Message-ID")
    word = item.subject.split()[0]
    found = account.inbox.filter(subject__icontains=word.upper()).only("subject")
    assert item.id in {one.id for one in found}
    assert all(not one.is_read for one in account.inbox.filter(is_read=False).only("is_read"))
    both = account.inbox.filter(Q(is_read=True) | Q(is_read=False)).count()
    same(both, account.inbox.all().count(), "or")
    none = account.inbox.filter(Q(is_read=True) & ~Q(is_read=True)).count()
    same(none, 0, "and, not")
    same(account.inbox.filter(datetime_received__gt=item.datetime_received.replace(year=2099)).count(), 0, "dates")
    found = account.inbox.filter(f'subject:"{item.subject}"').only("subject")
    assert item.id in {one.id for one in found}, "query string"


def messages_are_read_whole(account):
    seen_html = seen_file = False
    authors = 0
    for item in account.inbox.all().order_by("-datetime_received")[:60]:
        assert item.mime_content and b"\r\n\r\n" in item.mime_content
        same(item.message_size, len(item.mime_content), "size")
        same(bool(item.message_flags & 1), item.is_read, "MSGFLAG_READ")
        same(item.is_draft, False, "draft")
        assert item.headers, item
        authors += item.author is not None and "@" in item.author.email_address
        seen_html |= isinstance(item.body, HTMLBody)
        for attachment in item.attachments:
            if isinstance(attachment, FileAttachment):
                seen_file |= len(attachment.content) > 0
    assert seen_html and seen_file and authors > 50, (seen_html, seen_file, authors)


def drafts_are_saved_changed_and_sent(account):
    subject = unique("Lamp oil")
    draft(account, account.drafts, subject, to_recipients=[Mailbox(name="Priya", email_address="priya@harborvale.example")],
                 bcc_recipients=["sam@harborvale.example"])
    found = account.drafts.get(subject=subject)
    same((found.is_draft, found.message_flags & 8), (True, 8), "an unsent draft")
    same([one.email_address for one in found.bcc_recipients], ["sam@harborvale.example"], "bcc")
    old_key = found.changekey
    found.subject = f"{subject} II"
    found.body = HTMLBody("<p>Ahoy <b>again</b></p>")
    found.save(update_fields=["subject", "body"])
    assert found.changekey != old_key
    again = account.drafts.get(subject=f"{subject} II")
    assert "<b>again</b>" in again.body and isinstance(again.body, HTMLBody)
    again.send(save_copy=True, copy_to_folder=account.sent)
    same(account.drafts.filter(subject=f"{subject} II").count(), 0, "left the drafts")
    copy = wait_for("the copy", lambda: list(account.sent.filter(subject=f"{subject} II")))
    same(len(copy), 1, "one copy")
    same((copy[0].is_draft, copy[0].is_read), (False, True), "a sent copy")


def mail_is_sent_with_a_copy(account):
    subject = unique("Tide table")
    message = Message(account=account, folder=account.sent, subject=subject, body=HTMLBody("<p>High at noon</p>"),
                      to_recipients=[USER], attachments=[FileAttachment(name="tide.csv", content=b"a,b\n1,2\n")])
    message.send_and_save()
    arrived = wait_for("the mail", lambda: list(account.inbox.filter(subject=subject)))[0]
    same((arrived.is_read, arrived.is_draft, arrived.has_attachments), (False, False, True), "new mail")
    same(arrived.attachments[0].content, b"a,b\n1,2\n", "the file")
    same(account.sent.filter(subject=subject).count(), 1, "the copy")
    plain = unique("No copy")
    Message(account=account, subject=plain, body="x", to_recipients=[USER]).send(save_copy=False)
    wait_for("the mail", lambda: account.inbox.filter(subject=plain).exists())
    same(account.sent.filter(subject=plain).count(), 0, "no copy")


def mime_content_goes_in_as_it_is(account):
    subject = unique("As it is")
    mime = (
        f"From: {USER}\r\nTo: {USER}\r\nSubject: {subject}\r\nMessage-ID: <{uuid.uuid4()}@referee.example>\r\n"
        "X-Referee: yes\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\u00fc\u00dfe\r\n"
    ).encode()
    Message(account=account, folder=account.sent, mime_content=mime, message_flags=1, is_read=True).save()
    found = account.sent.get(subject=subject)
    same((found.is_draft, found.is_read, found.message_flags & 8), (False, True, 0), "a copy, not a draft")
    same(found.mime_content.replace(b"\r\n", b"\n").split(b"\n\n")[1], "Gr\u00fc\u00dfe\n".encode(), "body")
    assert any(header.name == "X-Referee" and header.value == "yes" for header in found.headers)


def items_are_marked_moved_copied_and_deleted(account):
    subject = unique("Wander")
    draft(account, account.inbox, subject, message_flags=0)
    item = account.inbox.get(subject=subject)
    item.is_read = True
    item.save(update_fields=["is_read"])
    item.flag_status = 2
    item.save(update_fields=["flag_status"])
    item = account.inbox.get(subject=subject)
    same((item.is_read, item.flag_status), (True, 2), "marks")
    item.flag_status = None
    item.save(update_fields=["flag_status"])
    same(account.inbox.get(subject=subject).flag_status, None, "no mark")
    old = (item.id, item.changekey)
    copied = item.copy(account.junk)
    same(account.junk.get(subject=subject).id, copied[0] if isinstance(copied, tuple) else copied.id, "the copy")
    item.move(account.junk)
    assert item.id != old[0], "a moved item has another id"
    gone = list(account.fetch(ids=[old]))
    assert isinstance(gone[0], ErrorItemNotFound), gone
    same(account.junk.filter(subject=subject).count(), 2, "both are there")
    item.move_to_trash()
    same(account.trash.filter(subject=subject).count(), 1, "in the trash")
    account.trash.filter(subject=subject).delete()
    same(account.trash.filter(subject=subject).count(), 0, "gone")
    account.junk.get(subject=subject).soft_delete()
    same(account.junk.filter(subject=subject).count(), 0, "gone softly")


def items_are_synchronised(account):
    folder = Folder(parent=account.inbox, name=unique("Sync"))
    folder.save()
    subjects = [unique(f"One {number}") for number in range(5)]
    for subject in subjects:
        draft(account, folder, subject, message_flags=0)
    changes = list(folder.sync_items(max_changes_returned=2, only_fields=["subject", "is_read"]))
    same([kind for kind, _ in changes], ["create"] * 5, "all are new")
    same([item.subject for _, item in changes], subjects[::-1], "the newest first")
    same(list(folder.sync_items()), [], "nothing new")
    items = {item.subject: item for item in folder.all()}
    items[subjects[0]].is_read = True
    items[subjects[0]].save(update_fields=["is_read"])
    items[subjects[1]].flag_status = 2
    items[subjects[1]].save(update_fields=["flag_status"])
    deleted = items[subjects[2]].id
    items[subjects[2]].delete()
    draft(account, folder, "A late one")
    changes = list(folder.sync_items(only_fields=["subject"]))
    same(sorted(kind for kind, _ in changes), ["create", "delete", "read_flag_change", "update"], "kinds")
    by_kind = dict(changes)
    same(by_kind["read_flag_change"][0].id, items[subjects[0]].id, "read")
    same(by_kind["read_flag_change"][1], True, "read")
    same(by_kind["update"].id, items[subjects[1]].id, "flagged")
    same(by_kind["delete"].id, deleted, "deleted")
    folder.delete()


def the_hierarchy_is_synchronised(account):
    root = account.msg_folder_root
    changes = list(root.sync_hierarchy())
    assert {kind for kind, _ in changes} == {"create"} and len(changes) >= 9, changes
    same(list(root.sync_hierarchy()), [], "nothing new")
    folder = Folder(parent=account.inbox, name=unique("Hierarchy"))
    folder.save()
    changes = list(root.sync_hierarchy())
    same([(kind, one.name) for kind, one in changes], [("create", folder.name)], "made")
    folder.name = unique("Hierarchy II")
    folder.save()
    changes = list(root.sync_hierarchy())
    same([(kind, one.name) for kind, one in changes], [("update", folder.name)], "renamed")
    gone = folder.id
    folder.delete()
    changes = list(root.sync_hierarchy())
    same([(kind, one.id) for kind, one in changes], [("delete", gone)], "deleted")


def notifications_stream(account):
    with account.inbox.streaming_subscription() as subscription:
        subject = unique("News")
        sender = threading.Timer(1, lambda: Message(account=account, subject=subject, body="x", to_recipients=[USER]).send())
        sender.start()
        kinds = set()
        end = time.monotonic() + PATIENCE
        for notification in account.inbox.get_streaming_events(
            subscription, connection_timeout=1, max_notifications_returned=1
        ):
            kinds |= {type(event).__name__ for event in notification.events}
            assert time.monotonic() < end
        sender.join()
        assert "NewMailEvent" in kinds and "CreatedEvent" in kinds, kinds
        # Without its cookie a client is with another server, which knows nothing of it.
        account.affinity_cookie = "elsewhere"
        for session in list(account.protocol._session_pool.queue):
            session.cookies.clear()
        try:
            list(account.inbox.get_streaming_events(subscription, connection_timeout=1))
            raise AssertionError("another server knew the subscription")
        except ErrorSubscriptionNotFound:
            account.affinity_cookie = None
            for session in list(account.protocol._session_pool.queue):
                session.cookies.clear()
        account.inbox.subscribe_to_streaming()


def names_are_resolved(account):
    found = account.protocol.resolve_names(["priya"])
    same([one.email_address for one in found], ["priya@harborvale.example"], "one")
    found = account.protocol.resolve_names(["harbor"])
    assert len(found) >= 2, found
    found = account.protocol.resolve_names(["nobody at all"])
    assert not [one for one in found if isinstance(one, Mailbox)], found
    pairs = account.protocol.resolve_names(["ada"], return_full_contact_data=True)
    assert any(mailbox.email_address == USER and contact for mailbox, contact in pairs), pairs


def shared_mailboxes_are_opened(account):
    shared = account_of(SHARED)
    assert shared.inbox.total_count > 0
    item = shared.inbox.all().order_by("-datetime_received")[0]
    assert item.mime_content
    subject = unique("From support")
    message = Message(account=shared, folder=shared.drafts, subject=subject, body="x", author=Mailbox(email_address=SHARED),
                      to_recipients=[USER])
    message.save()
    message.send(save_copy=True, copy_to_folder=shared.sent)
    wait_for("the mail", lambda: account.inbox.filter(subject=subject).exists())
    same(shared.sent.filter(subject=subject).count(), 1, "the copy is theirs")
    same(account.sent.filter(subject=subject).count(), 0, "not ours")
    closed = account_of("priya@harborvale.example")
    try:
        closed.inbox.refresh()
        raise AssertionError("a closed mailbox opened")
    except ErrorFolderNotFound:
        pass


def apps_impersonate(_account):
    shared = app_account_of(SHARED)
    assert shared.inbox.total_count > 0
    subject = unique("From the app")
    Message(account=shared, folder=shared.sent, subject=subject, body="x", to_recipients=[USER]).send_and_save()
    same(shared.sent.filter(subject=subject).count(), 1, "the copy")


def old_servers_are_asked_in_their_words(_account):
    old = account_of(USER, version=Version(build=Build(14, 2, 247, 5)))
    assert old.inbox.all().only("subject")[:3]


def control_characters_do_not_end_the_reading(account):
    subject = unique("Bell \u0007 and \u0001 start")
    mime = f"From: {USER}\r\nTo: {USER}\r\nSubject: {subject}\r\n\r\nx\r\n".encode()
    Message(account=account, folder=account.inbox, mime_content=mime, message_flags=0).save()
    newest = account.inbox.all().order_by("-datetime_received").only("subject")[0]
    assert "start" in newest.subject, newest.subject


def wrong_order_is_refused(account):
    class Wrong(GetItem):
        def get_payload(self, *args, **kwargs):
            payload = super().get_payload(*args, **kwargs)
            payload.insert(0, payload[1])
            return payload

    item = account.inbox.all().only("subject")[0]
    try:
        list(Wrong(account=account).call(items=[ItemId(item.id)], additional_fields=None, shape="IdOnly"))
        raise AssertionError("the wrong order was taken")
    except ErrorSchemaValidation as error:
        assert "ItemShape" in str(error), error


STORIES = [
    the_server_tells_its_version,
    folders_are_walked,
    folders_are_made_renamed_moved_and_deleted,
    mail_is_listed_in_pages_and_order,
    mail_is_filtered,
    messages_are_read_whole,
    drafts_are_saved_changed_and_sent,
    mail_is_sent_with_a_copy,
    mime_content_goes_in_as_it_is,
    items_are_marked_moved_copied_and_deleted,
    items_are_synchronised,
    the_hierarchy_is_synchronised,
    notifications_stream,
    names_are_resolved,
    shared_mailboxes_are_opened,
    apps_impersonate,
    old_servers_are_asked_in_their_words,
    control_characters_do_not_end_the_reading,
    wrong_order_is_refused,
]


def main():
    wanted = sys.argv[1:]
    failed = 0
    account = account_of(USER)
    for story in STORIES:
        if wanted and story.__name__ not in wanted:
            continue
        try:
            story(account)
            print(f"ok    {story.__name__}", flush=True)
        except Exception as error:  # noqa: BLE001: a story that fails must not keep the others from being told
            failed += 1
            print(f"FAIL  {story.__name__}: {type(error).__name__}: {error}", flush=True)
            if wanted:
                raise
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
