// table: media types by file extension
//! Media types by file extension, both ways.

/// Extension and media type; the first extension of a type is the one it is saved under.
const TYPES: [(&str, &str); 58] = [
    ("txt", "text/plain"),
    ("log", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("ics", "text/calendar"),
    ("vcf", "text/vcard"),
    ("patch", "text/x-patch"),
    ("diff", "text/x-diff"),
    ("eml", "message/rfc822"),
    ("pdf", "application/pdf"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("tgz", "application/gzip"),
    ("tar", "application/x-tar"),
    ("7z", "application/x-7z-compressed"),
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("xml", "text/xml"),
    ("js", "text/javascript"),
    ("rtf", "application/rtf"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("ppt", "application/vnd.ms-powerpoint"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("epub", "application/epub+zip"),
    ("msg", "application/vnd.ms-outlook"),
    ("dat", "application/ms-tnef"),
    ("p7m", "application/pkcs7-mime"),
    ("p7m", "application/x-pkcs7-mime"),
    ("p7s", "application/pkcs7-signature"),
    ("p7s", "application/x-pkcs7-signature"),
    ("asc", "application/pgp-signature"),
    ("pgp", "application/pgp-encrypted"),
    ("key", "application/pgp-keys"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("svg", "image/svg+xml"),
    ("bmp", "image/bmp"),
    ("tiff", "image/tiff"),
    ("heic", "image/heic"),
    ("mp3", "audio/mpeg"),
    ("ogg", "audio/ogg"),
    ("wav", "audio/wav"),
    ("m4a", "audio/mp4"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
];

/// Returns the media type for a file name; `application/octet-stream` when its extension is not known.
pub(in crate::mime) fn of_name(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    TYPES
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(extension))
        .map_or("application/octet-stream", |(_, media_type)| media_type)
}

/// Returns the extension for a media type; `bin` when it is not known.
pub(in crate::mime) fn extension(media_type: &str) -> &'static str {
    TYPES
        .into_iter()
        .find(|(_, known)| *known == media_type)
        .map_or("bin", |(extension, _)| extension)
}
