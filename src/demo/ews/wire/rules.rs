// table: what a request may hold.
//! The schema of requests (`messages.xsd`, `types.xsd`), as far as this server reads them.
//!
//! A line is `space type | attributes | content`. Attributes: `Name!Type` must be there, `Name?Type` may. Content is a
//! sequence of `Name:Type` with alternatives (`/`) and `?`, `*`, `+`; `=type` is text, `-` is nothing, `any` is not
//! looked at. Types in small letters are XML Schema's own. Lines with `e` are enumerations.

/// The rules.
pub const RULES: &str = "
m GetFolder | | FolderShape:FolderResponseShapeType FolderIds:FolderIds
m FindFolder | Traversal!FolderQueryTraversalType | FolderShape:FolderResponseShapeType IndexedPageFolderView:IndexedPageViewType/FractionalPageFolderView:Any? Restriction:RestrictionType? ParentFolderIds:FolderIds
m SyncFolderHierarchy | | FolderShape:FolderResponseShapeType SyncFolderId:TargetFolderIdType? SyncState:string?
m CreateFolder | | ParentFolderId:TargetFolderIdType Folders:Folders
m UpdateFolder | | FolderChanges:FolderChanges
m MoveFolder | | ToFolderId:TargetFolderIdType FolderIds:FolderIds
m DeleteFolder | DeleteType!DisposalType | FolderIds:FolderIds
m FindItem | Traversal!ItemQueryTraversalType | ItemShape:ItemResponseShapeType IndexedPageItemView:IndexedPageViewType/FractionalPageItemView:Any/SeekToConditionPageItemView:Any/CalendarView:Any/ContactsView:Any? GroupBy:Any/DistinguishedGroupBy:Any? Restriction:RestrictionType? SortOrder:SortOrder? ParentFolderIds:FolderIds QueryString:QueryStringType?
m SyncFolderItems | | ItemShape:ItemResponseShapeType SyncFolderId:TargetFolderIdType SyncState:string? Ignore:Ignore? MaxChangesReturned:MaxSyncChangesReturnedType SyncScope:SyncFolderItemsScopeType?
m GetItem | | ItemShape:ItemResponseShapeType ItemIds:ItemIds
m GetAttachment | | AttachmentShape:AttachmentResponseShapeType? AttachmentIds:AttachmentIds
m CreateItem | MessageDisposition?MessageDispositionType SendMeetingInvitations?CalendarItemCreateOrDeleteOperationType | SavedItemFolderId:TargetFolderIdType? Items:Items
m SendItem | SaveItemToFolder!boolean | ItemIds:ItemIds SavedItemFolderId:TargetFolderIdType?
m UpdateItem | ConflictResolution!ConflictResolutionType MessageDisposition?MessageDispositionType SendMeetingInvitationsOrCancellations?CalendarItemUpdateOperationType SuppressReadReceipts?boolean | SavedItemFolderId:TargetFolderIdType? ItemChanges:ItemChanges
m MoveItem | | ToFolderId:TargetFolderIdType ItemIds:ItemIds ReturnNewItemIds:boolean?
m CopyItem | | ToFolderId:TargetFolderIdType ItemIds:ItemIds ReturnNewItemIds:boolean?
m DeleteItem | DeleteType!DisposalType SendMeetingCancellations?CalendarItemCreateOrDeleteOperationType AffectedTaskOccurrences?AffectedTaskOccurrencesType SuppressReadReceipts?boolean | ItemIds:ItemIds
m ResolveNames | ReturnFullContactData!boolean SearchScope?ResolveNamesSearchScopeType ContactDataShape?DefaultShapeNamesType | ParentFolderIds:FolderIds? UnresolvedEntry:nonempty
m Subscribe | | PullSubscriptionRequest:Any/PushSubscriptionRequest:Any/StreamingSubscriptionRequest:StreamingSubscriptionRequestType
m Unsubscribe | | SubscriptionId:nonempty
m GetStreamingEvents | | SubscriptionIds:SubscriptionIds ConnectionTimeout:ConnectionTimeout
m GetServerTimeZones | ReturnFullTimeZoneData?boolean | Ids:TimeZoneIds?
m ConvertId | DestinationFormat!IdFormatType | SourceIds:SourceIds
t ExchangeImpersonation | | ConnectingSID:ConnectingSIDType
t ConnectingSIDType | | PrincipalName:nonempty/SID:nonempty/PrimarySmtpAddress:nonempty/SmtpAddress:nonempty
t Any | | any
t FolderIds | | FolderId:FolderIdType/DistinguishedFolderId:DistinguishedFolderIdType+
t TargetFolderIdType | | FolderId:FolderIdType/DistinguishedFolderId:DistinguishedFolderIdType/AddressListId:Any
t FolderIdType | Id!string ChangeKey?string | -
t DistinguishedFolderIdType | Id!DistinguishedFolderIdNameType ChangeKey?string | Mailbox:EmailAddressType?
t EmailAddressType | | Name:string? EmailAddress:nonempty? RoutingType:nonempty? MailboxType:MailboxTypeType? ItemId:ItemIdType? OriginalDisplayName:string?
t ItemIds | | ItemId:ItemIdType/OccurrenceItemId:Any/RecurringMasterItemId:Any+
t Ignore | | ItemId:ItemIdType*
t ItemIdType | Id!string ChangeKey?string | -
t AttachmentIds | | AttachmentId:RequestAttachmentIdType+
t RequestAttachmentIdType | Id!string RootItemId?string RootItemChangeKey?string | -
t SourceIds | | AlternateId:AlternateIdType/AlternatePublicFolderId:Any/AlternatePublicFolderItemId:Any+
t AlternateIdType | Format!IdFormatType Id!string Mailbox!nonempty IsArchive?boolean | -
t SubscriptionIds | | SubscriptionId:nonempty+
t TimeZoneIds | | Id:string+
t FolderResponseShapeType | | BaseShape:DefaultShapeNamesType AdditionalProperties:Paths?
t ItemResponseShapeType | | BaseShape:DefaultShapeNamesType IncludeMimeContent:boolean? BodyType:BodyTypeResponseType? UniqueBodyType:BodyTypeResponseType? NormalizedBodyType:BodyTypeResponseType? FilterHtmlContent:boolean? ConvertHtmlCodePageToUTF8:boolean? InlineImageUrlTemplate:string? BlockExternalImages:boolean? AddBlankTargetToLinks:boolean? MaximumBodySize:int? AdditionalProperties:Paths?
t AttachmentResponseShapeType | | IncludeMimeContent:boolean? BodyType:BodyTypeResponseType? FilterHtmlContent:boolean? AdditionalProperties:Paths?
t Paths | | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType/ExceptionFieldURI:Any+
t PathToUnindexedFieldType | FieldURI!UnindexedFieldURIType | -
t PathToIndexedFieldType | FieldURI!DictionaryURIType FieldIndex!string | -
t PathToExtendedFieldType | DistinguishedPropertySetId?DistinguishedPropertySetType PropertySetId?string PropertyTag?PropertyTagType PropertyName?string PropertyId?int PropertyType!MapiPropertyTypeType | -
t IndexedPageViewType | MaxEntriesReturned?int Offset!int BasePoint!IndexBasePointType | -
t QueryStringType | ResetCache?boolean ReturnHighlightTerms?boolean ReturnDeletedItems?boolean | =string
t SortOrder | | FieldOrder:FieldOrderType+
t FieldOrderType | Order!SortDirectionType | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType
t RestrictionType | | And:MultipleOperandBooleanExpressionType/Or:MultipleOperandBooleanExpressionType/Not:NotType/Exists:ExistsType/Contains:ContainsExpressionType/Excludes:ExcludesType/IsEqualTo:TwoOperandExpressionType/IsNotEqualTo:TwoOperandExpressionType/IsGreaterThan:TwoOperandExpressionType/IsGreaterThanOrEqualTo:TwoOperandExpressionType/IsLessThan:TwoOperandExpressionType/IsLessThanOrEqualTo:TwoOperandExpressionType
t MultipleOperandBooleanExpressionType | | And:MultipleOperandBooleanExpressionType/Or:MultipleOperandBooleanExpressionType/Not:NotType/Exists:ExistsType/Contains:ContainsExpressionType/Excludes:ExcludesType/IsEqualTo:TwoOperandExpressionType/IsNotEqualTo:TwoOperandExpressionType/IsGreaterThan:TwoOperandExpressionType/IsGreaterThanOrEqualTo:TwoOperandExpressionType/IsLessThan:TwoOperandExpressionType/IsLessThanOrEqualTo:TwoOperandExpressionType+
t NotType | | And:MultipleOperandBooleanExpressionType/Or:MultipleOperandBooleanExpressionType/Not:NotType/Exists:ExistsType/Contains:ContainsExpressionType/Excludes:ExcludesType/IsEqualTo:TwoOperandExpressionType/IsNotEqualTo:TwoOperandExpressionType/IsGreaterThan:TwoOperandExpressionType/IsGreaterThanOrEqualTo:TwoOperandExpressionType/IsLessThan:TwoOperandExpressionType/IsLessThanOrEqualTo:TwoOperandExpressionType
t ExistsType | | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType
t ContainsExpressionType | ContainmentMode?ContainmentModeType ContainmentComparison?ContainmentComparisonType | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType Constant:ConstantValueType
t ExcludesType | | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType Bitmask:ConstantValueType
t TwoOperandExpressionType | | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType FieldURIOrConstant:FieldURIOrConstantType
t FieldURIOrConstantType | | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType/Constant:ConstantValueType
t ConstantValueType | Value!string | -
t Folders | | Folder:FolderType/CalendarFolder:FolderType/ContactsFolder:FolderType/SearchFolder:Any/TasksFolder:FolderType+
t FolderType | | FolderId:FolderIdType? ParentFolderId:FolderIdType? FolderClass:string? DisplayName:string? TotalCount:int? ChildFolderCount:int? ExtendedProperty:ExtendedPropertyType* ManagedFolderInformation:Any? EffectiveRights:Any? DistinguishedFolderId:Any? PolicyTag:Any? ArchiveTag:Any? ReplicaList:Any? PermissionSet:Any? UnreadCount:int?
t FolderChanges | | FolderChange:FolderChangeType+
t FolderChangeType | | FolderId:FolderIdType/DistinguishedFolderId:DistinguishedFolderIdType Updates:FolderUpdates
t FolderUpdates | | AppendToFolderField:Any/SetFolderField:SetFolderFieldType/DeleteFolderField:DeleteFieldType*
t SetFolderFieldType | | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType Folder:FolderType/CalendarFolder:FolderType/ContactsFolder:FolderType/SearchFolder:Any/TasksFolder:FolderType
t DeleteFieldType | | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType
t ItemChanges | | ItemChange:ItemChangeType+
t ItemChangeType | | ItemId:ItemIdType/OccurrenceItemId:Any/RecurringMasterItemId:Any Updates:ItemUpdates CalendarActivityData:Any?
t ItemUpdates | | AppendToItemField:SetItemFieldType/SetItemField:SetItemFieldType/DeleteItemField:DeleteFieldType*
t SetItemFieldType | | FieldURI:PathToUnindexedFieldType/IndexedFieldURI:PathToIndexedFieldType/ExtendedFieldURI:PathToExtendedFieldType Message:MessageType/Item:ItemType/CalendarItem:Any/Contact:Any/DistributionList:Any/MeetingMessage:Any/MeetingRequest:Any/MeetingResponse:Any/MeetingCancellation:Any/Task:Any/PostItem:Any
t Items | | Message:MessageType/Item:ItemType/CalendarItem:Any/Contact:Any/DistributionList:Any/MeetingMessage:Any/MeetingRequest:Any/MeetingResponse:Any/MeetingCancellation:Any/Task:Any/PostItem:Any/ReplyToItem:Any/ForwardItem:Any/ReplyAllToItem:Any/AcceptItem:Any/TentativelyAcceptItem:Any/DeclineItem:Any/CancelCalendarItem:Any/RemoveItem:Any/SuppressReadReceipt:Any+
t ItemType | | MimeContent:MimeContentType? ItemId:ItemIdType? ParentFolderId:FolderIdType? ItemClass:string? Subject:string? Sensitivity:SensitivityChoicesType? Body:BodyType? Attachments:Attachments? DateTimeReceived:dateTime? Size:int? Categories:Strings? Importance:ImportanceChoicesType? InReplyTo:string? IsSubmitted:boolean? IsDraft:boolean? IsFromMe:boolean? IsResend:boolean? IsUnmodified:boolean? InternetMessageHeaders:Any? DateTimeSent:dateTime? DateTimeCreated:dateTime? ResponseObjects:Any? ReminderDueBy:dateTime? ReminderIsSet:boolean? ReminderNextTime:dateTime? ReminderMinutesBeforeStart:string? DisplayCc:string? DisplayTo:string? DisplayBcc:string? HasAttachments:boolean? ExtendedProperty:ExtendedPropertyType* Culture:string? EffectiveRights:Any? LastModifiedName:string? LastModifiedTime:dateTime? IsAssociated:boolean? WebClientReadFormQueryString:string? WebClientEditFormQueryString:string? ConversationId:ItemIdType? UniqueBody:BodyType? Flag:FlagType? StoreEntryId:Any? InstanceKey:Any? NormalizedBody:Any?
t MessageType | | MimeContent:MimeContentType? ItemId:ItemIdType? ParentFolderId:FolderIdType? ItemClass:string? Subject:string? Sensitivity:SensitivityChoicesType? Body:BodyType? Attachments:Attachments? DateTimeReceived:dateTime? Size:int? Categories:Strings? Importance:ImportanceChoicesType? InReplyTo:string? IsSubmitted:boolean? IsDraft:boolean? IsFromMe:boolean? IsResend:boolean? IsUnmodified:boolean? InternetMessageHeaders:Any? DateTimeSent:dateTime? DateTimeCreated:dateTime? ResponseObjects:Any? ReminderDueBy:dateTime? ReminderIsSet:boolean? ReminderNextTime:dateTime? ReminderMinutesBeforeStart:string? DisplayCc:string? DisplayTo:string? DisplayBcc:string? HasAttachments:boolean? ExtendedProperty:ExtendedPropertyType* Culture:string? EffectiveRights:Any? LastModifiedName:string? LastModifiedTime:dateTime? IsAssociated:boolean? WebClientReadFormQueryString:string? WebClientEditFormQueryString:string? ConversationId:ItemIdType? UniqueBody:BodyType? Flag:FlagType? StoreEntryId:Any? InstanceKey:Any? NormalizedBody:Any? Sender:SingleRecipientType? ToRecipients:Recipients? CcRecipients:Recipients? BccRecipients:Recipients? IsReadReceiptRequested:boolean? IsDeliveryReceiptRequested:boolean? ConversationIndex:base64Binary? ConversationTopic:string? From:SingleRecipientType? InternetMessageId:string? IsRead:boolean? IsResponseRequested:boolean? References:string? ReplyTo:Recipients? ReceivedBy:SingleRecipientType? ReceivedRepresenting:SingleRecipientType? ApprovalRequestData:Any? VotingInformation:Any? ReminderMessageData:Any?
t MimeContentType | CharacterSet?string | =string
t BodyType | BodyType!BodyTypeType IsTruncated?boolean | =string
t Strings | | String:string*
t SingleRecipientType | | Mailbox:EmailAddressType
t Recipients | | Mailbox:EmailAddressType*
t FlagType | | FlagStatus:FlagStatusType StartDate:dateTime? DueDate:dateTime? CompleteDate:dateTime?
t Attachments | | FileAttachment:FileAttachmentType/ItemAttachment:Any/ReferenceAttachment:Any+
t FileAttachmentType | | AttachmentId:RequestAttachmentIdType? Name:string? ContentType:string? ContentId:string? ContentLocation:string? AttachmentOriginalUrl:string? Size:int? LastModifiedTime:dateTime? IsInline:boolean? IsContactPhoto:boolean? Content:base64Binary?
t ExtendedPropertyType | | ExtendedFieldURI:PathToExtendedFieldType Value:string/Values:Any
t StreamingSubscriptionRequestType | SubscribeToAllFolders?boolean | FolderIds:FolderIds? EventTypes:EventTypes
t EventTypes | | EventType:NotificationEventTypeType+
e DefaultShapeNamesType | IdOnly Default AllProperties
e FolderQueryTraversalType | Shallow Deep SoftDeleted
e ItemQueryTraversalType | Shallow SoftDeleted Associated
e DisposalType | HardDelete SoftDelete MoveToDeletedItems
e MessageDispositionType | SaveOnly SendOnly SendAndSaveCopy
e ConflictResolutionType | NeverOverwrite AutoResolve AlwaysOverwrite
e CalendarItemCreateOrDeleteOperationType | SendToNone SendOnlyToAll SendToAllAndSaveCopy
e CalendarItemUpdateOperationType | SendToNone SendOnlyToAll SendOnlyToChanged SendToAllAndSaveCopy SendToChangedAndSaveCopy
e AffectedTaskOccurrencesType | AllOccurrences SpecifiedOccurrenceOnly
e ResolveNamesSearchScopeType | ActiveDirectory ActiveDirectoryContacts Contacts ContactsActiveDirectory
e NotificationEventTypeType | CopiedEvent CreatedEvent DeletedEvent ModifiedEvent MovedEvent NewMailEvent FreeBusyChangedEvent
e FlagStatusType | NotFlagged Flagged Complete
e IdFormatType | EwsLegacyId EwsId EntryId HexEntryId StoreId OwaId
e SyncFolderItemsScopeType | NormalItems NormalAndAssociatedItems
e IndexBasePointType | Beginning End
e SortDirectionType | Ascending Descending
e SensitivityChoicesType | Normal Personal Private Confidential
e ImportanceChoicesType | Low Normal High
e MailboxTypeType | Unknown OneOff Mailbox PublicDL PrivateDL Contact PublicFolder GroupMailbox ImplicitContact
e BodyTypeType | HTML Text
e BodyTypeResponseType | Best HTML Text
e ContainmentModeType | FullString Prefixed Substring PrefixOnWords ExactPhrase
e ContainmentComparisonType | Exact IgnoreCase IgnoreNonSpacingCharacters Loose IgnoreCaseAndNonSpacingCharacters LooseAndIgnoreCase LooseAndIgnoreNonSpace LooseAndIgnoreCaseAndIgnoreNonSpace
e DistinguishedPropertySetType | Meeting Appointment Common PublicStrings Address InternetHeaders CalendarAssistant UnifiedMessaging Task Sharing
e MapiPropertyTypeType | ApplicationTime ApplicationTimeArray Binary BinaryArray Boolean CLSID CLSIDArray Currency CurrencyArray Double DoubleArray Error Float FloatArray Integer IntegerArray Long LongArray Null Object ObjectArray Short ShortArray SystemTime SystemTimeArray String StringArray
e DictionaryURIType | item:InternetMessageHeader contacts:ImAddress contacts:PhysicalAddress:Street contacts:PhysicalAddress:City contacts:PhysicalAddress:State contacts:PhysicalAddress:CountryOrRegion contacts:PhysicalAddress:PostalCode contacts:PhoneNumber contacts:EmailAddress distributionlist:Members:Member
e DistinguishedFolderIdNameType | calendar contacts deleteditems drafts inbox journal notes outbox sentitems tasks msgfolderroot publicfoldersroot root junkemail searchfolders voicemail recoverableitemsroot recoverableitemsdeletions recoverableitemsversions recoverableitemspurges recoverableitemsdiscoveryholds archive archiveroot archivemsgfolderroot archivedeleteditems archiveinbox archiverecoverableitemsroot archiverecoverableitemsdeletions archiverecoverableitemsversions archiverecoverableitemspurges archiverecoverableitemsdiscoveryholds syncissues conflicts localfailures serverfailures recipientcache quickcontacts conversationhistory adminauditlogs todosearch mycontacts directory imcontactlist peopleconnect favorites mecontact personmetadata teamspaceactivity teamspacemessaging teamspaceworkitems scheduled orionnotes tagitems alltaggeditems externalcontacts teamchat yammerroot yammerinbound yammeroutbound yammerfeeds onedriveroot onedriverecylebin onedrivesystem onedrivevolume allcategorizeditems allcontacts allitems allpersonmetadata companycontacts dlppolicyevaluation fromfavoritesenders inference onenotepagepreviews peoplecentricconversationbuddies qedcdefaultretention qedclongretention qedcmediumretention qedcshortretention quarantinedemail quarantinedemaildefaultcategory recoverableitemssubstrateholds relevantcontacts sharepointnotifications shortnotes temporarysaves usercuratedcontacts
e item | ItemId ParentFolderId ItemClass MimeContent Attachments Subject DateTimeReceived Size Categories HasAttachments Importance InReplyTo InternetMessageHeaders IsAssociated IsDraft IsFromMe IsResend IsSubmitted IsUnmodified DateTimeSent DateTimeCreated Body ResponseObjects Sensitivity ReminderDueBy ReminderIsSet ReminderNextTime ReminderMinutesBeforeStart DisplayTo DisplayCc DisplayBcc Culture EffectiveRights LastModifiedName LastModifiedTime ConversationId UniqueBody Flag StoreEntryId InstanceKey NormalizedBody EntityExtractionResult PolicyTag ArchiveTag RetentionDate Preview PredictedActionReasons IsClutter RightsManagementLicenseData BlockStatus HasBlockedImages WebClientReadFormQueryString WebClientEditFormQueryString TextBody IconIndex MimeContentUTF8 Mentions MentionedMe MentionsPreview MentionsEx Hashtags AppliedHashtags AppliedHashtagsPreview Likes LikesPreview PendingSocialActivityTagIds AtAllMention CanDelete InferenceClassification FirstBody
e message | ConversationIndex ConversationTopic InternetMessageId IsRead IsResponseRequested IsReadReceiptRequested IsDeliveryReceiptRequested ReceivedBy ReceivedRepresenting References ReplyTo From Sender ToRecipients CcRecipients BccRecipients ApprovalRequestData VotingInformation ReminderMessageData
e folder | FolderId ParentFolderId DisplayName UnreadCount TotalCount ChildFolderCount FolderClass SearchParameters ManagedFolderInformation PermissionSet EffectiveRights SharingEffectiveRights DistinguishedFolderId PolicyTag ArchiveTag ReplicaList
";

/// Names that older clients cannot mean, with the version that brought them.
pub const NEWER: &[(&str, &str)] = &[
    ("item:Flag", "Exchange2013"),
    ("item:StoreEntryId", "Exchange2013"),
    ("item:InstanceKey", "Exchange2013"),
    ("item:NormalizedBody", "Exchange2013"),
    ("item:Preview", "Exchange2013"),
    ("item:TextBody", "Exchange2013"),
    ("item:IconIndex", "Exchange2013"),
    ("folder:DistinguishedFolderId", "Exchange2013"),
    ("SuppressReadReceipts", "Exchange2013_SP1"),
    ("ResetCache", "Exchange2013"),
    ("Flag", "Exchange2013"),
];
