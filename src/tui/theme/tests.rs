//! Every built-in theme is whole; mistakes name their key.

use ratatui::style::{Color, Modifier};

use super::*;

#[test]
fn built_in_themes_are_right_and_whole() {
    let (themes, errors) = Themes::built_in();
    assert_eq!(errors, vec![]);
    assert_eq!(themes.names().len(), BUILT_IN.len());
    for theme in &themes.all {
        for (tone, key) in TONES {
            assert!(theme.styles.contains_key(&tone), "{}: {key}", theme.name);
        }
    }
}

#[test]
fn mono_names_no_colour() {
    let (themes, _) = Themes::built_in();
    let mono = themes.find("mono").unwrap();
    for style in mono.styles.values() {
        assert_eq!((style.fg, style.bg), (None, None));
    }
}

#[test]
fn sixteen_uses_only_the_sixteen() {
    let (themes, _) = Themes::built_in();
    let sixteen = themes.find("sixteen").unwrap();
    for color in sixteen
        .styles
        .values()
        .flat_map(|style| [style.fg, style.bg])
    {
        assert!(!matches!(
            color,
            Some(Color::Rgb(..) | Color::Indexed(16..))
        ));
    }
}

#[test]
fn selection_and_unread_differ_by_more_than_colour() {
    let (themes, _) = Themes::built_in();
    for theme in &themes.all {
        let unread = theme.style(Tone::Unread).add_modifier;
        assert!(unread.contains(Modifier::BOLD), "{}", theme.name);
    }
}

fn check(text: &str, expected: &str) {
    let error = Theme::parse("own", text).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn mistakes_name_their_key() {
    check(
        "dim = { fg = \"bleu\" }",
        "theme own, dim.fg: \"bleu\" is neither a colour nor in the palette",
    );
    check("ghost = {}", "theme own, ghost: there is no such tone");
    check(
        "dim = { bold = 3 }",
        "theme own, dim.bold: expected true or false",
    );
    check(
        "dim = 3",
        "theme own, dim: expected a table such as { fg = \"blue\", bold = true }",
    );
    assert!(matches!(
        Theme::parse("own", "dim = {"),
        Err(ThemeError::Syntax { .. })
    ));
}

#[test]
fn poor_terminals_get_a_theme_that_suits_them() {
    let (themes, _) = Themes::built_in();
    let chosen = |wanted, palette| themes.choose(wanted, palette).unwrap().name.clone();
    assert_eq!(chosen("fjord", Palette::Full), "fjord");
    assert_eq!(chosen("fjord", Palette::Sixteen), "sixteen");
    assert_eq!(chosen("fjord", Palette::None), "mono");
    assert_eq!(chosen("no such", Palette::Full), "harbor-dark");
}

#[test]
fn a_users_theme_is_found_and_may_replace_a_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.toml"), "dim = { dim = true }").unwrap();
    std::fs::write(folder.path().join("fjord.toml"), "dim = { fg = 3 }").unwrap();
    std::fs::write(folder.path().join("bad.toml"), "dim = { fg = true }").unwrap();
    let (mut themes, _) = Themes::built_in();
    let errors = themes.add_folder(folder.path());
    assert_eq!(errors.len(), 1);
    assert!(themes.find("own").is_some());
    assert_eq!(
        themes.find("fjord").unwrap().style(Tone::Dim).fg,
        Some(Color::Indexed(3))
    );
}
