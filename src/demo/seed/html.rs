//! HTML as mail programs and newsletter senders write it.

use std::fmt::Write as _;

/// Returns a letter as a mail program would write it.
pub fn letter(text: &str) -> String {
    let mut out = "<html><head></head>\n<body dir=\"auto\">\n".to_owned();
    for paragraph in text.split("\n\n") {
        let lines: Vec<String> = paragraph.lines().map(escape).collect();
        let quoted = lines.iter().all(|line| line.starts_with("&gt;"));
        let body = lines.join("<br>\n");
        if quoted {
            let inner = body.replace("&gt; ", "").replace("&gt;", "");
            let _ = writeln!(
                out,
                "<blockquote style=\"border-left:2px solid #ccc;margin:0;padding-left:1ex\">{inner}</blockquote>"
            );
        } else {
            let _ = writeln!(out, "<div>{body}</div><div><br></div>");
        }
    }
    out + "</body></html>"
}

/// Returns a newsletter: tables, inline styles, a hidden preview line, a picture that counts readers.
pub fn page(title: &str, text: &str) -> String {
    let mut rows = String::new();
    for block in text.split("\n\n") {
        let row = if let Some(heading) = block.strip_prefix("# ") {
            format!(
                "<h2 style=\"font:bold 20px Georgia,serif;color:#0b6e75;margin:18px 0 6px\">{}</h2>",
                inline(heading)
            )
        } else if block.starts_with("- ") {
            let items: Vec<String> = block
                .lines()
                .map(|line| inline(line.trim_start_matches("- ")))
                .collect();
            let items = items.join("</li><li>");
            format!("<ul style=\"padding-left:20px\"><li>{items}</li></ul>")
        } else {
            let lines: Vec<String> = block.lines().map(inline).collect();
            format!("<p style=\"line-height:1.5\">{}</p>", lines.join("<br>"))
        };
        let _ = writeln!(rows, "<tr><td style=\"padding:0 24px\">{row}</td></tr>");
    }
    let title = escape(title);
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>@media (max-width:600px) {{ .w {{ width:100% !important }} }} a {{ color:#0b6e75 }}</style></head>\n\
         <body bgcolor=\"#eef2f3\" style=\"margin:0\">\
         <div style=\"display:none;max-height:0;overflow:hidden\">{title} &zwnj;&nbsp;&zwnj;&nbsp;</div>\n\
         <table class=\"w\" width=\"600\" align=\"center\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#fff;font:16px Arial,sans-serif\">\n\
         <tr><td style=\"padding:24px\"><img src=\"https://img.news.example/head.png\" alt=\"\" width=\"552\" height=\"80\"></td></tr>\n{rows}\
         <tr><td style=\"padding:24px;color:#888;font-size:12px\">You get this because you asked for it once. \
         <a href=\"https://news.example/leave?id=4711\">Unsubscribe</a> &middot; Quay 3, Harbor Town</td></tr></table>\
         <img src=\"https://t.news.example/o.gif?u=4711\" width=\"1\" height=\"1\" alt=\"\"></body></html>"
    )
}

/// Returns the same as plain text.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = line
            .strip_prefix("# ")
            .map_or_else(|| line.to_owned(), str::to_uppercase);
        out.push_str(&links(&line, |label, address| {
            format!("{label} ( {address} )")
        }));
        out.push('\n');
    }
    out
}

fn inline(text: &str) -> String {
    links(&escape(text), |label, address| {
        format!("<a href=\"{address}\">{label}</a>")
    })
}

/// Replaces `[label](address)`.
fn links(text: &str, write: impl Fn(&str, &str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let link = after
            .split_once("](")
            .and_then(|(label, tail)| Some((label, tail.split_once(')')?)));
        if let Some((label, (address, tail))) = link {
            out.push_str(&write(label, address));
            rest = tail;
        } else {
            out.push('[');
            rest = after;
        }
    }
    out + rest
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
