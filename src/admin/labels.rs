//! The words before the blanks of the filled-in sheet, and what they mean. Data only.

use crate::admin::answer::AnswerField;

/// Labels as people and portals write them, in small letters without punctuation. The longer of two stands first.
pub const LABELS: &[(&str, Label)] = &[
    (
        "object id of the enterprise application",
        Label::Field(AnswerField::ObjectId),
    ),
    (
        "enterprise application object id",
        Label::Field(AnswerField::ObjectId),
    ),
    (
        "service principal object id",
        Label::Field(AnswerField::ObjectId),
    ),
    ("object id", Label::Field(AnswerField::ObjectId)),
    ("objectid", Label::Field(AnswerField::ObjectId)),
    ("directory tenant id", Label::Field(AnswerField::Tenant)),
    ("directory id", Label::Field(AnswerField::Tenant)),
    ("tenant id", Label::Field(AnswerField::Tenant)),
    ("tenantid", Label::Field(AnswerField::Tenant)),
    ("tenant", Label::Field(AnswerField::Tenant)),
    ("application client id", Label::Field(AnswerField::ClientId)),
    ("application id", Label::Field(AnswerField::ClientId)),
    ("client id", Label::Field(AnswerField::ClientId)),
    ("clientid", Label::Field(AnswerField::ClientId)),
    ("app id", Label::Field(AnswerField::ClientId)),
    ("appid", Label::Field(AnswerField::ClientId)),
    (
        "secret expires yyyy mm dd",
        Label::Field(AnswerField::Expires),
    ),
    ("client secret expires", Label::Field(AnswerField::Expires)),
    ("secret expires", Label::Field(AnswerField::Expires)),
    ("secrets expiry", Label::Field(AnswerField::Expires)),
    ("secret expiry", Label::Field(AnswerField::Expires)),
    ("expires", Label::Field(AnswerField::Expires)),
    ("expiry", Label::Field(AnswerField::Expires)),
    ("notes", Label::Field(AnswerField::Notes)),
    ("note", Label::Field(AnswerField::Notes)),
    ("client secret value", Label::Secret),
    ("client secret", Label::Secret),
    ("secret value", Label::Secret),
    ("secret id", Label::Secret),
    ("secret", Label::Secret),
    ("password", Label::Secret),
];

/// What a label stands before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// A blank of the sheet.
    Field(AnswerField),
    /// A secret, which has no place there.
    Secret,
}
