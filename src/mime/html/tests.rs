//! HTML stories: what a person should see of newsletters, liars and bombs.

use proptest::prelude::*;

use super::*;

fn check(html: &str, expected: &str) {
    let rendered = to_text(html, 60, Links::NumberedFrom(0));
    assert_eq!(
        rendered.text.trim_end().replace('\u{A0}', " "),
        expected,
        "{html}"
    );
}

#[test]
fn paragraphs_lists_and_quotes_are_laid_out() {
    check(
        "<p>One<p>Two &amp; <b>bold</b><br>three",
        "One\n\nTwo & bold\nthree",
    );
    check(
        "<ul><li>a<li>b</ul><ol start=3><li>c</ol>",
        "- a\n- b\n3. c",
    );
    check("<blockquote><p>said</p></blockquote>", "> said");
    check("a < b and <o:p>c</o:p>", "a < b and c");
}

#[test]
fn links_are_numbered_and_listed_once() {
    let html = "<a href='https://x.com/a'>Read</a> or <a href='https://x.com/b'>write</a>, <a href=\"https://x.com/a\">again</a>";
    let rendered = to_text(html, 60, Links::NumberedFrom(0));
    assert_eq!(
        rendered.text.replace('\u{A0}', " "),
        "Read [1] or write [2], again [1]\n"
    );
    assert_eq!(rendered.links, vec!["https://x.com/a", "https://x.com/b"]);
    assert_eq!(
        to_text(html, 60, Links::Unmarked).text,
        "Read or write, again\n"
    );
    assert!(
        to_text(html, 60, Links::NumberedFrom(4))
            .text
            .contains("[5]")
    );
}

#[test]
fn odd_schemes_are_no_links() {
    for href in [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "/relative",
        "#top",
        "cid:1",
        "&#106;avascript:x",
    ] {
        let rendered = to_text(
            &format!("<a href=\"{href}\">click</a>"),
            60,
            Links::NumberedFrom(0),
        );
        assert_eq!(
            (rendered.text.as_str(), rendered.links.len()),
            ("click\n", 0),
            "{href}"
        );
    }
}

#[test]
fn a_link_that_names_another_host_shows_the_true_one() {
    check(
        "<a href='https://evil.example/login'>https://www.bank.example/login</a>",
        "https://www.bank.example/login [1: really evil.example]",
    );
    check(
        "<a href='https://evil.example'>www.bank.com</a>",
        "www.bank.com [1: really evil.example]",
    );
    check(
        "<a href='https://bank.com.evil.example'><b>bank.com</b></a>",
        "bank.com [1: really bank.com.evil.example]",
    );
    check(
        "<a href='https://www.bank.com/x'>bank.com</a>",
        "bank.com [1]",
    );
    check(
        "<a href='https://evil.example'>see readme.txt</a>",
        "see readme.txt [1]",
    );
    check("<a href='mailto:a@x.com'>a@x.com</a>", "a@x.com [1]");
}

#[test]
fn hidden_text_scripts_and_comments_do_not_show() {
    check(
        "<style>.h{display:none}</style><p class=h>hidden<p>seen",
        "seen",
    );
    check(
        "<div style='display:none'>hidden</div>seen<script>x('</p>')</script><!-- no > -->!",
        "seen!",
    );
    check("<title>t</title><svg><text>no</text></svg>yes", "yes");
}

#[test]
fn layout_tables_have_no_borders() {
    check("<table><tr><td>a</td><td>b</td></tr></table>", "a b");
}

#[test]
fn stripping_keeps_the_words() {
    let html = "<html><style>p{}</style><p>One&nbsp;&euro;&#x41;<br>two</p><script>no</script>&zwnj;&bogus; <p>a<b>b</b>c";
    assert_eq!(
        strip(html).trim(),
        "One €A\ntwo\n&bogus; \nabc".replace("; \n", ";\n")
    );
}

#[test]
fn bombs_are_cleaned_to_a_bounded_tree() {
    let attributes: String = " a=x b=y".repeat(100_000);
    let bombs = [
        "<div>".repeat(100_000),
        "<b><i><font color=red>".repeat(40_000),
        format!("<p{attributes}>x</p>"),
        "<script>".repeat(100_000),
        "<a href='".repeat(100_000),
        "<x></y>".repeat(100_000),
        format!(
            "{}{}",
            "<font color=a><p>".repeat(150),
            "<p>x</p>".repeat(50_000)
        ),
        "<!--".repeat(200_000),
    ];
    for bomb in bombs {
        let cleaned = clean::clean(&bomb).html;
        let mut depth = 0_usize;
        let mut deepest = 0;
        for token in token::Tokens::new(&cleaned) {
            match token {
                token::Token::Open(..) => depth += 1,
                token::Token::Close(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        assert!(deepest <= 200, "{deepest}");
        assert!(
            cleaned.len() <= bomb.len() * 3,
            "{} of {}",
            cleaned.len(),
            bomb.len()
        );
    }
}

#[test]
fn many_rules_on_many_elements_are_dropped() {
    let rules: String = ".c{}".repeat(10_000);
    let html = format!("<style>{rules}</style>{}", "<p>x".repeat(200));
    assert!(!clean::clean(&html).html.contains("<style>"));
}

proptest! {
    #[test]
    fn html_like_noise_never_panics(html in "([<>/&;\"'= a-z!-]|<[a-z]{1,5}( [a-z]+=['\"]?[a-z:]*)?>|</[a-z]{1,5}>|&[a-z#0-9]{1,4};){0,60}") {
        to_text(&html, 40, Links::NumberedFrom(0));
        strip(&html);
    }

    #[test]
    fn random_text_never_panics(html in "\\PC{0,80}", width in any::<u16>()) {
        to_text(&html, width, Links::Unmarked);
        strip(&html);
    }
}
