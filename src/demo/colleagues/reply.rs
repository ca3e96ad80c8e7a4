//! What an answer says: by language, by subject matter, by who answers.

use crate::demo::people::Manner;
use crate::demo::random::Random;

/// What is to be answered.
pub struct Question<'a> {
    /// Decoded subject.
    pub subject: &'a str,
    /// Its text.
    pub text: &'a str,
    /// First name of who asks; may be empty.
    pub asker: &'a str,
    /// How the one who answers writes; `None` for people from elsewhere.
    pub manner: Option<Manner>,
}

/// Tells whether mail to the address can't arrive: names reserved for that (RFC 2606 §2).
pub fn is_unreachable(email: &str) -> bool {
    email.to_ascii_lowercase().ends_with(".invalid")
}

/// Returns the subject of an answer.
pub fn subject(subject: &str) -> String {
    let lower = subject.to_lowercase();
    let is_answer = ["re:", "aw:", "sv:", "回复:"]
        .iter()
        .any(|mark| lower.starts_with(mark));
    match (subject.trim(), is_answer) {
        ("", _) => "Re: (no subject)".to_owned(),
        (subject, true) => subject.to_owned(),
        (subject, false) => format!("Re: {subject}"),
    }
}

/// Returns the words of an answer, without signature and quotation.
pub fn text(question: &Question<'_>, random: &mut Random) -> String {
    // What is quoted was answered before.
    let own: Vec<&str> = question
        .text
        .lines()
        .filter(|line| !line.starts_with('>'))
        .collect();
    let all = format!("{}\n{}", question.subject, own.join("\n")).to_lowercase();
    if let Some(foreign) = in_language(&all, question.asker) {
        return foreign;
    }
    let topic = TOPICS
        .iter()
        .find(|(words, _)| words.iter().any(|word| all.contains(word)))
        .map_or(GENERAL, |(_, answers)| *answers);
    let body = random.pick(topic).copied().unwrap_or_default();
    let greeting = match (question.manner, question.asker) {
        (_, "") => "Hello,".to_owned(),
        (Some(Manner::Warm), name) => format!("Dear {name},"),
        (Some(Manner::Wry), name) => format!("Ahoy {name},"),
        (Some(_), name) => format!("{name},"),
        (None, name) => format!("Hello {name},"),
    };
    let closing = match question.manner {
        Some(Manner::Warm) => "\n\nHave a lovely day",
        Some(Manner::Wry) => "\n\nMind the gulls",
        Some(Manner::Curious) => "\n\nWhat do you think?",
        Some(Manner::Dry) | None => "",
    };
    format!("{greeting}\n\n{body}{closing}")
}

/// Answers in the language of the question where that is easily told.
fn in_language(text: &str, asker: &str) -> Option<String> {
    let has_script = |low: char, high: char| text.chars().any(|c| (low..=high).contains(&c));
    let has_word = |words: &[&str]| {
        text.split(|c: char| !c.is_alphabetic())
            .any(|word| words.contains(&word))
    };
    let answer = if has_script('\u{3040}', '\u{30ff}') {
        "ご連絡ありがとうございます。内容を確認のうえ、明日までにお返事いたします。\n\nどうぞよろしくお願いいたします。".to_owned()
    } else if has_script('\u{4e00}', '\u{9fff}') {
        "您好，\n\n来信已收到，谢谢！我和车间确认一下，明天给您答复。\n\n祝好".to_owned()
    } else if has_script('\u{0400}', '\u{04ff}') {
        format!("Здравствуйте, {asker}!\n\nСпасибо за письмо. Посмотрю сегодня и отвечу до вечера.")
    } else if has_script('\u{0590}', '\u{05ff}') {
        format!("שלום {asker},\n\nתודה על ההודעה. אבדוק ואחזור אליך מחר.")
    } else if has_script('\u{0600}', '\u{06ff}') {
        format!("مرحباً {asker}،\n\nشكراً على رسالتك. سأراجع الأمر وأردّ عليك غداً.")
    } else if has_word(&["und", "nicht", "danke", "bitte", "grüße", "ich"]) {
        format!(
            "Hallo {asker},\n\ndanke für die Nachricht! Ich schaue es mir an und melde mich bis morgen Mittag.\n\nViele Grüße"
        )
    } else if has_word(&["merci", "bonjour", "vous", "avec", "nous"]) {
        format!(
            "Bonjour {asker},\n\nMerci de votre message. Je regarde cela et je reviens vers vous demain.\n\nBien à vous"
        )
    } else if has_word(&["dziękuję", "proszę", "cześć", "pozdrawiam", "jest"]) {
        format!("Cześć {asker},\n\ndzięki za wiadomość! Sprawdzę i odezwę się jutro.\n\nPozdrawiam")
    } else {
        return None;
    };
    Some(answer)
}

type Topic = (&'static [&'static str], &'static [&'static str]);

const GENERAL: &[&str] = &[
    "Thanks for this. I have read it twice and agree with both versions. Give me until tomorrow and you will have a proper answer.",
    "Got it. I will look into it after the tide turns, which is also when the coffee is ready.",
    "Good that you write. I was about to ask you the very same thing, which worries me a little. Let us compare notes this afternoon?",
    "Noted, and put on the list. The list is long but it is sorted by who asks nicely, and you did.",
    "Yes to the first part. The second part I would rather sleep on; it has been that kind of week.",
];

/// The first topic with one of its words in the question wins.
const TOPICS: &[Topic] = &[
    (
        &["unsubscribe", "stop writing"],
        &["Understood. You will hear nothing more from me, starting with the next message."],
    ),
    (
        &["lunch", "dinner", "coffee", "cake"],
        &[
            "Yes! Twelve fifteen at the quay, and not the place with the singing waiter again.",
            "Gladly. I can't before half past twelve, the buoy people are here. Save me a chair with four legs this time.",
            "I have already eaten, but I have never let that decide anything. See you there.",
        ],
    ),
    (
        &["invoice", "payment", "overdue", "price", "quote", "budget"],
        &[
            "I checked the books: it is in this week's run and should reach them by Thursday. If it does not, blame the bank first and me second.",
            "The amount looks right to me; the purchase order number is missing, though. Can you send me that? Then it goes out today.",
        ],
    ),
    (
        &["meeting", "call", "calendar", "schedule", "tomorrow"],
        &[
            "That works for me. Shall we say ten o'clock, lamp room, thirty minutes and not one more?",
            "Tomorrow is difficult, I am on the boat until two. After that I am yours and only slightly salty.",
        ],
    ),
    (
        &["attach", "document", "draft", "report", "file"],
        &[
            "Thanks, I can open it. Two remarks on page one and a question mark in the margin of page two; I will send them marked up this afternoon.",
            "Received. I like the new numbers, and I like even better that they add up.",
        ],
    ),
    (
        &[
            "broken",
            "error",
            "bug",
            "crash",
            "fail",
            "does not work",
            "doesn't work",
            "urgent",
        ],
        &[
            "Oh dear. Does it still happen after turning it off and on again? I know, but Sam makes me ask. I will come by in ten minutes.",
            "I can reproduce it, which is the good news. The bad news is that I can reproduce it every time. Looking at it now.",
        ],
    ),
    (
        &["holiday", "vacation", "leave", "sick"],
        &["Of course. Rest well; I will water your barometer and forward only what is on fire."],
    ),
    (
        &["thank", "great work", "well done", "congrat"],
        &[
            "You are very welcome. I will print this and hang it beside the complaint about the foghorn.",
            "That is kind. Half of it is due to the others, but I will keep the message.",
        ],
    ),
    (
        &["test", "hello", "hi "],
        &[
            "Loud and clear! Your message arrived, was read by a human of sorts, and is hereby answered.",
            "Test received, and passed. Is there a certificate?",
        ],
    ),
    (
        &["?"],
        &[
            "Short answer: yes. Long answer: yes, but let me check with the workshop before you tell the customer.",
            "Good question. I think so, but Noor knows for certain, and she is never wrong on a Tuesday.",
            "I would say no, with a small maybe at the end. Can we decide it when we see each other?",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(subject: &str, text: &str) -> String {
        let question = Question {
            subject,
            text,
            asker: "Ada",
            manner: Some(Manner::Dry),
        };
        super::text(&question, &mut Random::new(1))
    }

    #[test]
    fn answers_fit_the_matter_and_the_language() {
        let check = |subject, text, expected: &[&str]| {
            let found = answer(subject, text);
            assert!(expected.iter().any(|part| found.contains(part)), "{found}");
        };
        check("Lunch?", "", &["quay", "half past", "eaten"]);
        check("Frage", "Kannst du das bitte prüfen?", &["Viele Grüße"]);
        check("見積もり", "お願いします", &["ありがとう"]);
        check("报价", "请确认", &["您好"]);
        check("Boje", "Привет", &["Спасибо"]);
        // What is only quoted does not count.
        check("Re: x", "fine\n> lunch with you und ich", GENERAL);
    }

    #[test]
    fn subjects_get_one_re() {
        assert_eq!(subject("Offer"), "Re: Offer");
        assert_eq!(subject("RE: Offer"), "RE: Offer");
        assert_eq!(subject(" "), "Re: (no subject)");
    }
}
