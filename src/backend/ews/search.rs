//! Lets the server search, newest first: by its own query language where it has one, else by a restriction.

use super::Ews;
use super::item::FLAG;
use super::soap::{Node, Version, Xml};
use super::sync::{by_date, item_id};
use crate::backend::BackendError;
use crate::model::{Query, RemoteId, Term};

const DOING: &str = "search";
/// Hits returned.
const MOST_HITS: usize = 1_000;
/// Hits of one answer; a server gives no more to a search.
const PAGE: &str = "250";
/// Conditions sent; more is no search by a person.
const MOST_TERMS: usize = 20;

impl Ews {
    /// Searches a folder.
    pub(super) async fn search_folder(
        &self,
        folder: &str,
        query: &Query,
    ) -> Result<Vec<RemoteId>, BackendError> {
        if query.is_empty() || query.terms.len() > MOST_TERMS {
            return Ok(Vec::new());
        }
        let mut hits: Vec<RemoteId> = Vec::new();
        loop {
            let offset = hits.len().to_string();
            let write = |xml: &mut Xml, version: Version| {
                find_item(xml, version, (folder, &offset), &query.terms);
            };
            let reply = match self.link.one(DOING, &write).await {
                Err(BackendError::Refused { code, .. }) if is_about_question(&code) => {
                    return Err(BackendError::Unsupported {
                        what: "searching for these words on the server",
                    });
                }
                outcome => outcome?,
            };
            let root = reply.node.child("RootFolder");
            let items = root.and_then(|root| root.child("Items"));
            let before = hits.len();
            let found = items.map_or(&[][..], Node::children).iter();
            hits.extend(found.filter_map(item_id).map(RemoteId::new));
            let is_last = root
                .and_then(|root| root.attribute("IncludesLastItemInRange"))
                .is_none_or(|last| last != "false");
            if is_last || hits.len() == before || hits.len() >= MOST_HITS {
                hits.truncate(MOST_HITS);
                return Ok(hits);
            }
        }
    }
}

fn is_about_question(code: &str) -> bool {
    matches!(
        code,
        "ErrorUnsupportedPathForQuery"
            | "ErrorUnsupportedQueryFilter"
            | "ErrorInvalidRestriction"
            | "ErrorRestrictionTooComplex"
            | "ErrorRestrictionTooLong"
            | "ErrorContentIndexingNotEnabled"
            | "ErrorQueryFilterTooLong"
    )
}

fn find_item(xml: &mut Xml, version: Version, (folder, offset): (&str, &str), terms: &[Term]) {
    let has_language = version >= Version::E2013;
    xml.inside("m:FindItem", &[("Traversal", "Shallow")], |xml| {
        xml.inside("m:ItemShape", &[], |xml| xml.text("t:BaseShape", "IdOnly"));
        xml.empty(
            "m:IndexedPageItemView",
            &[
                ("MaxEntriesReturned", PAGE),
                ("Offset", offset),
                ("BasePoint", "Beginning"),
            ],
        );
        if !has_language {
            xml.inside("m:Restriction", &[], |xml| all(xml, terms));
        }
        by_date(xml);
        xml.inside("m:ParentFolderIds", &[], |xml| {
            xml.empty("t:FolderId", &[("Id", folder)]);
        });
        if has_language {
            let words: Vec<String> = terms.iter().map(words).collect();
            xml.text("m:QueryString", &words.join(" AND "));
        }
    });
}

/// Spells a condition in the advanced query syntax; words are quoted, so that none of them is an operator.
fn words(term: &Term) -> String {
    let quoted = |text: &str| {
        let text: String = text
            .chars()
            .map(|c| if c == '"' || c.is_control() { ' ' } else { c })
            .collect();
        format!("\"{}\"", text.trim())
    };
    match term {
        Term::Any(text) => quoted(text),
        Term::Subject(text) => format!("subject:{}", quoted(text)),
        Term::From(text) => format!("from:{}", quoted(text)),
        Term::To(text) => format!("(to:{0} OR cc:{0})", quoted(text)),
        Term::Body(text) => format!("body:{}", quoted(text)),
        Term::Unread => "isread:false".to_owned(),
        Term::Starred => "isflagged:true".to_owned(),
        Term::HasAttachment => "hasattachment:true".to_owned(),
    }
}

/// Writes conditions that must all hold; an "and" of one is refused.
fn all(xml: &mut Xml, terms: &[Term]) {
    match terms {
        [term] => condition(xml, term),
        terms => xml.inside("t:And", &[], |xml| {
            for term in terms {
                condition(xml, term);
            }
        }),
    }
}

fn condition(xml: &mut Xml, term: &Term) {
    match term {
        Term::Any(text) => any_of(
            xml,
            &[
                "item:Subject",
                "message:From",
                "item:DisplayTo",
                "item:DisplayCc",
                "item:Body",
            ],
            text,
        ),
        Term::Subject(text) => contains(xml, "item:Subject", text),
        Term::From(text) => contains(xml, "message:From", text),
        Term::To(text) => any_of(xml, &["item:DisplayTo", "item:DisplayCc"], text),
        Term::Body(text) => contains(xml, "item:Body", text),
        Term::Unread => is_equal(xml, "message:IsRead", "false"),
        Term::HasAttachment => is_equal(xml, "item:HasAttachments", "true"),
        Term::Starred => xml.inside("t:IsEqualTo", &[], |xml| {
            FLAG.write(xml);
            constant(xml, "2");
        }),
    }
}

fn any_of(xml: &mut Xml, fields: &[&str], text: &str) {
    xml.inside("t:Or", &[], |xml| {
        for field in fields {
            contains(xml, field, text);
        }
    });
}

fn contains(xml: &mut Xml, field: &str, text: &str) {
    let how = [
        ("ContainmentMode", "Substring"),
        ("ContainmentComparison", "IgnoreCase"),
    ];
    xml.inside("t:Contains", &how, |xml| {
        xml.empty("t:FieldURI", &[("FieldURI", field)]);
        xml.empty("t:Constant", &[("Value", text)]);
    });
}

fn is_equal(xml: &mut Xml, field: &str, value: &str) {
    xml.inside("t:IsEqualTo", &[], |xml| {
        xml.empty("t:FieldURI", &[("FieldURI", field)]);
        constant(xml, value);
    });
}

fn constant(xml: &mut Xml, value: &str) {
    xml.inside("t:FieldURIOrConstant", &[], |xml| {
        xml.empty("t:Constant", &[("Value", value)]);
    });
}
