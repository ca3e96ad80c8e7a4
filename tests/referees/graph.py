"""The Microsoft Graph SDK for Python against the demo tenant."""

import asyncio
import base64
import email
import io
import ssl
import time

import httpx
from azure.core.credentials import AccessToken
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.attachment_item import AttachmentItem
from msgraph.generated.models.attachment_type import AttachmentType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.exchange_id_format import ExchangeIdFormat
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.followup_flag import FollowupFlag
from msgraph.generated.models.followup_flag_status import FollowupFlagStatus
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.mail_search_folder import MailSearchFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.models.upload_session import UploadSession
from msgraph.generated.users.item.mail_folders.item.messages.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.mail_folders.item.move.move_post_request_body import (
    MovePostRequestBody as FolderMove,
)
from msgraph.generated.users.item.mail_folders.mail_folders_request_builder import MailFoldersRequestBuilder
from msgraph.generated.users.item.messages.item.attachments.create_upload_session.create_upload_session_post_request_body import (
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.users.item.messages.item.copy.copy_post_request_body import CopyPostRequestBody
from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph.generated.users.item.translate_exchange_ids.translate_exchange_ids_post_request_body import (
    TranslateExchangeIdsPostRequestBody,
)
from msgraph.graph_request_adapter import options
from msgraph_core import GraphClientFactory
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem
from msgraph_core.tasks.large_file_upload import LargeFileUploadTask
from msgraph_core.tasks.page_iterator import PageIterator

from tenant import Tenant

SCOPES = " ".join(
    "https://graph.microsoft.com/" + name
    for name in ["User.Read", "Mail.ReadWrite", "Mail.ReadWrite.Shared", "Mail.Send", "Mail.Send.Shared"]
)


class Given:
    """A credential that holds a token already."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.token, int(time.time()) + 300)


def client(tenant, token):
    """Returns the SDK's client with its own middleware; only host, CA and token are ours."""
    context = ssl.create_default_context(cafile=tenant.ca_file)
    http = httpx.AsyncClient(verify=context, timeout=60, base_url=tenant.base + "/v1.0", http2=False)
    http = GraphClientFactory.create_with_default_middleware(client=http, options=options)
    provider = AzureIdentityAuthenticationProvider(Given(token), allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider, http)
    adapter.base_url = tenant.base + "/v1.0"
    return GraphServiceClient(request_adapter=adapter)


def with_query(parameters, *prefer, **fields):
    """Returns a request's configuration."""
    configuration = RequestConfiguration(query_parameters=parameters(**fields)) if fields else RequestConfiguration()
    for preference in prefer:
        configuration.headers.add("Prefer", preference)
    return configuration


async def refused(what, status, code):
    """Expects an error of Graph's."""
    try:
        await what
    except ODataError as error:
        assert error.response_status_code == status, error
        assert error.error.code == code, error.error
        inner = error.error.inner_error
        assert inner.request_id and inner.client_request_id and inner.date, inner
        return error
    raise AssertionError(f"not refused with {code}")


def to(address):
    return Recipient(email_address=EmailAddress(address=address))


def note(subject, text, address):
    return Message(
        subject=subject,
        body=ItemBody(content_type=BodyType.Text, content=text),
        to_recipients=[to(address)],
    )


async def every_folder(graph):
    """Lists all folders, page by page and down the tree."""
    seen = []

    async def add(first, builder):
        page = first
        while True:
            for folder in page.value:
                assert folder.id and folder.display_name and folder.parent_folder_id
                seen.append(folder)
                if folder.child_folder_count:
                    children = graph.me.mail_folders.by_mail_folder_id(folder.id).child_folders
                    await add(await children.get(), children)
            if not page.odata_next_link:
                return
            page = await builder.with_url(page.odata_next_link).get()

    builder = graph.me.mail_folders
    first = await builder.get()
    assert len(first.value) == 10 and first.odata_next_link, "ten on a page"
    await add(first, builder)
    return seen


async def folders(graph):
    seen = await every_folder(graph)
    names = [folder.display_name for folder in seen]
    for name in ["Inbox", "Sent Items", "Tide Clock 2", "家族", "Reise nach Tromsø"]:
        assert name in names, names
    assert "Clutter" not in names and "Calendar" not in names, names
    assert len({folder.id for folder in seen}) == len(seen)
    searches = [folder for folder in seen if isinstance(folder, MailSearchFolder)]
    assert [folder.filter_query for folder in searches] == ["isRead eq false"]
    parameters = MailFoldersRequestBuilder.MailFoldersRequestBuilderGetQueryParameters
    query = with_query(parameters, include_hidden_folders="true", top=100, select=["displayName", "isHidden"])
    hidden = [folder for folder in (await graph.me.mail_folders.get(query)).value if folder.is_hidden]
    assert "Clutter" in [folder.display_name for folder in hidden]
    inbox = await graph.me.mail_folders.by_mail_folder_id("inbox").get()
    assert inbox.id in [folder.id for folder in seen] and inbox.total_item_count > 0


async def changing_folders(graph):
    all_folders = graph.me.mail_folders
    made = await all_folders.post(MailFolder(display_name="Köder"))
    mine = all_folders.by_mail_folder_id(made.id)
    child = await mine.child_folders.post(MailFolder(display_name="Haken"))
    assert child.parent_folder_id == made.id
    renamed = await mine.patch(MailFolder(display_name="Netze"))
    assert (renamed.id, renamed.display_name) == (made.id, "Netze")
    await refused(all_folders.post(MailFolder(display_name="Netze")), 409, "ErrorFolderExists")
    moved = await mine.move.post(FolderMove(destination_id="archive"))
    assert moved.id == made.id and moved.parent_folder_id == (await all_folders.by_mail_folder_id("archive").get()).id
    await mine.delete()
    trash = await all_folders.by_mail_folder_id("deleteditems").child_folders.get()
    assert "Netze" in [folder.display_name for folder in trash.value]
    await mine.delete()
    await refused(mine.get(), 404, "ErrorItemNotFound")
    await refused(all_folders.by_mail_folder_id("inbox").delete(), 403, "ErrorAccessDenied")
    rounds = await all_folders.delta.get()
    count = 0
    while True:
        count += len(rounds.value)
        if not rounds.odata_next_link:
            break
        rounds = await all_folders.delta.with_url(rounds.odata_next_link).get()
    assert count > 10 and rounds.odata_delta_link
    made = await all_folders.post(MailFolder(display_name="Reusen"))
    rounds = await all_folders.delta.with_url(rounds.odata_delta_link).get()
    assert [folder.id for folder in rounds.value] == [made.id]
    await all_folders.by_mail_folder_id(made.id).permanent_delete.post()
    rounds = await all_folders.delta.with_url(rounds.odata_delta_link).get()
    assert rounds.value[0].additional_data["@removed"]


async def reading(graph):
    inbox = graph.me.mail_folders.by_mail_folder_id("inbox")
    total = (await inbox.get()).total_item_count
    parameters = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters
    query = with_query(
        parameters,
        top=17,
        count=True,
        select=["subject", "from", "receivedDateTime", "isRead", "hasAttachments"],
        orderby=["receivedDateTime desc"],
        expand=["singleValueExtendedProperties($filter=id eq 'Integer 0x0E08')"],
    )
    first = await inbox.messages.get(query)
    assert first.odata_count == total and len(first.value) == 17
    seen = []
    iterator = PageIterator(first, graph.request_adapter)
    await iterator.iterate(lambda message: seen.append(message) or True)
    assert len({message.id for message in seen}) == total, (len(seen), total)
    times = [message.received_date_time for message in seen]
    assert times == sorted(times, reverse=True)
    assert all(message.body is None for message in seen)
    # Some mail has no From.
    assert sum(message.from_ is None for message in seen) < 3
    message = seen[0]
    size = int(message.single_value_extended_properties[0].value)
    source = await graph.me.messages.by_message_id(message.id).content.get()
    assert len(source) == size
    whole = await graph.me.messages.by_message_id(message.id).get()
    parsed = email.message_from_bytes(source)
    assert parsed["Message-ID"] == whole.internet_message_id and whole.body.content
    unread = await inbox.messages.get(with_query(parameters, filter="isRead eq false", top=1000))
    assert unread.value and not any(message.is_read for message in unread.value)
    found = await graph.me.messages.get(with_query(parameters, search='"from:priya"', top=5))
    assert found.value and all("priya" in message.from_.email_address.address for message in found.value)
    assert await inbox.messages.count.get() == total
    too_many = inbox.messages.get(with_query(parameters, top=1001))
    await refused(too_many, 400, "RequestBroker--ParseUri")


async def tracking(graph):
    inbox = graph.me.mail_folders.by_mail_folder_id("inbox")
    changes = inbox.messages.delta
    parameters = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters
    lasting = 'IdType="ImmutableId"'

    async def round_of(page):
        items, pages = [], 1
        while page.odata_next_link:
            items += page.value
            page = await changes.with_url(page.odata_next_link).get(with_query(None, lasting))
            pages += 1
        return items + page.value, pages, page.odata_delta_link

    query = with_query(parameters, lasting, "odata.maxpagesize=25", select=["subject", "isRead", "flag"])
    items, pages, link = await round_of(await changes.get(query))
    total = (await inbox.get()).total_item_count
    # The iterator asks for no size behind the first page, so the others have ten.
    assert len(items) == total and pages == 1 + (total - 25 + 9) // 10, (len(items), total, pages)
    assert all(item.subject is not None and item.body is None for item in items)
    again = lambda link: changes.with_url(link).get(with_query(None, lasting))
    nothing, _, link = await round_of(await again(link))
    assert nothing == []

    flagged, moved, deleted = items[0].id, items[1].id, items[2].id
    one = lambda id: graph.me.messages.by_message_id(id)
    changed = await one(flagged).patch(
        Message(flag=FollowupFlag(flag_status=FollowupFlagStatus.Flagged), is_read=True, categories=["Tide"]),
        with_query(None, lasting),
    )
    assert changed.id == flagged and changed.flag.flag_status == FollowupFlagStatus.Flagged
    assert changed.categories == ["Tide"]
    kept = await one(moved).move.post(MovePostRequestBody(destination_id="archive"), with_query(None, lasting))
    assert kept.id == moved, "immutable ids survive moves"
    await one(deleted).permanent_delete.post()
    items, _, link = await round_of(await again(link))
    told = {item.id: item.additional_data.get("@removed") for item in items}
    assert told == {flagged: None, moved: {"reason": "changed"}, deleted: {"reason": "deleted"}}, told

    fresh = (await one(moved).get()).id
    assert fresh != moved and fresh.endswith("="), "default ids are others"
    back = await one(fresh).move.post(MovePostRequestBody(destination_id="inbox"))
    assert back.id != fresh
    await refused(one(fresh).get(), 404, "ErrorItemNotFound")
    copied = await one(back.id).copy.post(CopyPostRequestBody(destination_id="archive"))
    assert copied.id != back.id
    await one(copied.id).delete()
    deleted = graph.me.mail_folders.by_mail_folder_id("deleteditems").messages
    trash = await deleted.get(with_query(MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters, top=1000))
    assert copied.subject in [message.subject for message in trash.value]
    answer = await graph.me.translate_exchange_ids.post(
        TranslateExchangeIdsPostRequestBody(
            input_ids=[back.id],
            source_id_type=ExchangeIdFormat.RestId,
            target_id_type=ExchangeIdFormat.RestImmutableEntryId,
        )
    )
    assert answer.value[0].target_id == moved


async def writing(graph, tenant):
    draft = note("Drafted", "One\nTwo", "priya@harborvale.example")
    draft.bcc_recipients = [to("sam@harborvale.example")]
    draft = await graph.me.messages.post(draft)
    assert draft.is_draft and draft.body.content.startswith("One")
    mine = graph.me.messages.by_message_id(draft.id)
    changed = await mine.patch(Message(subject="Drafted again"))
    assert (changed.id, changed.subject) == (draft.id, "Drafted again")
    small = FileAttachment(
        odata_type="#microsoft.graph.fileAttachment",
        name="tide.txt",
        content_type="text/plain",
        content_bytes=b"high",
    )
    added = await mine.attachments.post(small)
    assert added.name == "tide.txt" and added.size == 4

    large = bytes(range(256)) * 16 * 1024
    session = await mine.attachments.create_upload_session.post(
        CreateUploadSessionPostRequestBody(
            attachment_item=AttachmentItem(
                attachment_type=AttachmentType.File, name="chart.bin", size=len(large), content_type="image/x-chart"
            )
        )
    )
    assert isinstance(session, UploadSession) and session.expiration_date_time
    async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=tenant.ca_file)) as plain:
        piece = 327680 * 5
        for start in range(0, len(large), piece):
            part = large[start : start + piece]
            answer = await plain.put(
                session.upload_url,
                content=part,
                headers={"Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(large)}"},
            )
            assert answer.status_code in (200, 201), answer.text
        assert answer.status_code == 201 and "Attachments(" in answer.headers["Location"]
        gone = await plain.put(session.upload_url, content=b"x", headers={"Content-Range": "bytes 0-0/1"})
        assert gone.status_code == 404
    listed = (await mine.attachments.get()).value
    assert [file.name for file in listed] == ["tide.txt", "chart.bin"]
    whole = await mine.attachments.by_attachment_id(listed[1].id).get()
    assert whole.content_bytes == large
    await mine.attachments.by_attachment_id(listed[0].id).delete()
    assert len((await mine.attachments.get()).value) == 1

    await mine.send.post()
    await refused(mine.get(), 404, "ErrorItemNotFound")
    sent = await newest(graph, "sentitems")
    assert sent.subject == "Drafted again" and sent.has_attachments and not sent.is_draft
    assert [person.email_address.address for person in sent.bcc_recipients] == ["sam@harborvale.example"]


async def newest(graph, folder):
    parameters = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters
    query = with_query(parameters, top=1, orderby=["receivedDateTime desc"])
    return (await graph.me.mail_folders.by_mail_folder_id(folder).messages.get(query)).value[0]


async def sending(graph, tenant):
    body = SendMailPostRequestBody(message=note("By JSON", "Hello", "priya@harborvale.example"), save_to_sent_items=True)
    await graph.me.send_mail.post(body)
    assert (await newest(graph, "sentitems")).subject == "By JSON"
    body = SendMailPostRequestBody(message=note("Not kept", "Hello", "priya@harborvale.example"), save_to_sent_items=False)
    await graph.me.send_mail.post(body)
    assert (await newest(graph, "sentitems")).subject == "By JSON"

    source = b"From: ada@harborvale.example\r\nTo: sam@harborvale.example\r\nMessage-ID: <mime.1@ada>\r\nSubject: By MIME\r\n\r\nHi\r\n"
    request = graph.me.send_mail.to_post_request_information(body)
    request.headers.clear()
    request.set_stream_content(base64.b64encode(source), "text/plain")
    await graph.request_adapter.send_no_response_content_async(request, {"4XX": ODataError, "5XX": ODataError})
    sent = await newest(graph, "sentitems")
    assert sent.internet_message_id == "<mime.1@ada>", sent.internet_message_id
    request.set_stream_content(b"no base64!", "text/plain")
    broken = graph.request_adapter.send_no_response_content_async(request, {"4XX": ODataError, "5XX": ODataError})
    await refused(broken, 400, "ErrorMimeContentInvalidBase64String")

    support, board = tenant.shared[0], tenant.forbidden
    shared = graph.users.by_user_id(support)
    body = SendMailPostRequestBody(message=note("For the team", "Hi", "sam@harborvale.example"), save_to_sent_items=True)
    await shared.send_mail.post(body)
    parameters = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters
    query = with_query(parameters, top=1)
    sent = (await shared.mail_folders.by_mail_folder_id("sentitems").messages.get(query)).value[0]
    assert (sent.subject, sent.from_.email_address.address) == ("For the team", support), sent.subject
    message = note("As somebody else", "Hi", "sam@harborvale.example")
    message.from_ = to("priya@harborvale.example")
    await refused(graph.me.send_mail.post(SendMailPostRequestBody(message=message)), 403, "ErrorSendAsDenied")
    await refused(graph.users.by_user_id(board).mail_folders.get(), 403, "ErrorAccessDenied")


async def batching(graph):
    inbox = graph.me.mail_folders.by_mail_folder_id("inbox")
    requests = [BatchRequestItem(inbox.to_get_request_information(), id=str(number)) for number in range(7)]
    missing = graph.me.mail_folders.by_mail_folder_id("wreck").to_get_request_information()
    requests.append(BatchRequestItem(missing, id="lost"))
    content = BatchRequestContent()
    for request in requests:
        content.add_request(request.id, request)
    answer = await graph.batch.post(content)
    statuses = {id: answer.get_response_by_id(id).status for id in [*map(str, range(7)), "lost"]}
    assert [statuses[str(number)] for number in range(7)] == [200] * 7, statuses
    assert statuses["lost"] == 400, statuses
    # This version of the SDK loses bodies that are objects; what it can tell is status and type.
    assert "application/json" in answer.get_response_by_id("3").content_type


async def errors(tenant, graph):
    await refused(client(tenant, "nonsense").me.mail_folders.get(), 401, "InvalidAuthenticationToken")
    exchange = tenant.token("https://outlook.office.com/IMAP.AccessAsUser.All")
    await refused(client(tenant, exchange).me.mail_folders.get(), 401, "InvalidAuthenticationToken")
    reader = client(tenant, tenant.token("https://graph.microsoft.com/Mail.Read"))
    assert (await reader.me.mail_folders.get()).value
    await refused(reader.me.mail_folders.post(MailFolder(display_name="No")), 403, "ErrorAccessDenied")
    await refused(reader.users.by_user_id(tenant.shared[0]).messages.get(), 403, "ErrorAccessDenied")
    one = lambda id: graph.me.messages.by_message_id(id).get()
    await refused(one("AAMk"), 400, "ErrorInvalidIdMalformed")
    await refused(graph.users.by_user_id("wreck@harborvale.example").messages.get(), 404, "ErrorInvalidUser")
    message = (await graph.me.messages.get()).value[0]
    await refused(one(message.id.swapcase()), 400, "ErrorInvalidIdMalformed")
    stale = RequestConfiguration()
    stale.headers.add("If-Match", 'W/"CQAAABYAold"')
    patch = graph.me.messages.by_message_id(message.id).patch(Message(is_read=True), stale)
    await refused(patch, 412, "ErrorIrresolvableConflict")


async def alone(tenant):
    """An app without a person."""
    graph = client(tenant, tenant.app_token("daemon-web", "https://graph.microsoft.com/.default"))
    support = graph.users.by_user_id(tenant.shared[0])
    assert (await support.mail_folders.by_mail_folder_id("inbox").messages.get()).value
    await support.send_mail.post(SendMailPostRequestBody(message=note("From a robot", "Hi", "sam@harborvale.example")))
    await refused(graph.me.mail_folders.get(), 400, "BadRequest")
    await refused(graph.users.by_user_id(tenant.user).messages.get(), 403, "ErrorAccessDenied")


async def main():
    tenant = Tenant()
    graph = client(tenant, tenant.token(SCOPES))
    me = await graph.me.get()
    assert me.mail == tenant.user
    assert (await graph.users.by_user_id(me.id).mail_folders.get()).value
    for step in [folders, changing_folders, reading, tracking, batching]:
        await step(graph)
        print(step.__name__, "passed", flush=True)
    await writing(graph, tenant)
    await sending(graph, tenant)
    await errors(tenant, graph)
    await alone(tenant)
    print("all passed")


asyncio.run(main())
