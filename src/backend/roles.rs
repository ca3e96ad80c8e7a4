// table: names of folders in the languages of Exchange, Outlook.com and common servers
//! What a folder is for, by its name, where the server does not say (protocol facts §6.2).
//!
//! Only names of the first level are looked up. Names are compared in lower case.

use crate::model::Role;

/// Names by which mail servers and mail programs call these folders.
#[rustfmt::skip]
const NAMES: [(Role, &[&str]); 5] = [
    (Role::Sent, &[
        "sent items", "sent", "sent mail", "sent messages", "gesendete elemente", "gesendete objekte", "gesendet",
        "éléments envoyés", "messages envoyés", "envoyés", "envoyé", "objets envoyés", "elementos enviados", "enviados",
        "mensajes enviados", "correo enviado", "posta inviata", "elementi inviati", "inviata", "inviati",
        "itens enviados", "mensagens enviadas", "verzonden items", "verzonden", "verzonden berichten",
        "skickat", "skickade objekt", "sendte elementer", "sendt post", "sendte", "sendt", "sende elementer",
        "lähetetyt", "lähetetyt kohteet", "elementy wysłane", "wysłane", "odeslaná pošta", "odeslané", "odoslané položky",
        "odoslaná pošta", "odoslané", "elküldött elemek", "elküldött", "elküldött üzenetek", "elemente trimise", "trimise",
        "изпратени", "изпратени елементи", "отправленные", "отправленные элементы", "надіслані", "надіслані елементи",
        "надіслане", "απεσταλμένα", "σταλθέντα", "gönderilmiş öğeler", "gönderilmiş postalar", "gönderilmiş",
        "gönderilenler", "poslano", "poslane stavke", "poslani elementi", "poslati elementi", "poslate stavke",
        "послате ставке", "išsiųsti elementai", "išsiųsta", "nosūtītie vienumi", "nosūtītie", "saadetud üksused", "saadetud",
        "elements enviats", "enviats", "bidalitako elementuak", "送信済みアイテム", "送信済み", "送信済みメール", "已发送邮件",
        "已发送", "已发送消息", "寄件備份", "已寄出", "寄件備份匣", "已寄出的郵件", "보낸 편지함", "보낸메일함", "보낸 메일함",
        "פריטים שנשלחו", "נשלח", "דואר שנשלח", "العناصر المرسلة", "المرسلة", "المرسل", "รายการที่ถูกส่ง", "รายการที่ส่ง",
        "mục đã gửi", "đã gửi", "thư đã gửi", "item terkirim", "terkirim", "item dihantar", "भेजे गए आइटम", "ارسال‌شده‌ها",
    ]),
    (Role::Drafts, &[
        "drafts", "draft", "entwürfe", "brouillons", "borradores", "bozze", "rascunhos", "concepten", "utkast", "kladder",
        "udkast", "luonnokset", "wersje robocze", "robocze", "szkice", "koncepty", "rozepsané", "rozpísané", "piszkozatok",
        "schițe", "ciorne", "чернови", "черновики", "чернетки", "πρόχειρα", "taslaklar", "osnutki", "skice", "nacrti",
        "нацрти", "juodraščiai", "melnraksti", "mustandid", "esborranys", "zirriborroak", "下書き", "草稿", "草稿箱", "草稿匣",
        "임시 보관함", "임시보관함", "טיוטות", "المسودات", "مسودات", "แบบร่าง", "ร่าง", "bản nháp", "thư nháp", "konsep", "draf",
        "ड्राफ़्ट", "پیش‌نویس‌ها",
    ]),
    (Role::Trash, &[
        "deleted items", "deleted", "trash", "bin", "deleted messages", "gelöschte elemente", "gelöschte objekte",
        "gelöscht", "papierkorb", "éléments supprimés", "supprimés", "corbeille", "elementos eliminados", "eliminados",
        "papelera", "posta eliminata", "elementi eliminati", "eliminata", "cestino", "itens excluídos", "itens eliminados",
        "excluídos", "lixeira", "lixo", "verwijderde items", "verwijderd", "prullenbak", "borttaget", "borttagna objekt",
        "papperskorgen", "slettede elementer", "slettet post", "slettet", "papirkurv", "poistetut", "poistetut kohteet",
        "roskakori", "elementy usunięte", "usunięte", "kosz", "odstraněná pošta", "odstraněné", "koš", "odstránené položky",
        "odstránená pošta", "odstránené", "kôš", "törölt elemek", "törölt", "kuka", "elemente șterse", "șterse", "coș de gunoi",
        "изтрити", "изтрити елементи", "кошче", "удаленные", "удалённые", "удаленные элементы", "корзина", "видалені",
        "видалені елементи", "кошик", "διαγραμμένα", "διεγραμμένα", "κάδος", "silinmiş öğeler", "silinmiş postalar",
        "silinmiş", "çöp kutusu", "izbrisano", "izbrisani elementi", "izbrisane stavke", "koš za smeće", "obrisani elementi",
        "избрисане ставке", "panaikinti elementai", "ištrinti elementai", "šiukšlinė", "izdzēstie vienumi", "izdzēstie",
        "kustutatud üksused", "kustutatud", "prügikast", "elements suprimits", "suprimits", "paperera", "ezabatutako elementuak",
        "削除済みアイテム", "削除済み", "ごみ箱", "ゴミ箱", "已删除邮件", "已删除", "废件箱", "垃圾桶", "刪除的郵件", "已刪除的郵件",
        "已刪除", "지운 편지함", "휴지통", "삭제된 항목", "פריטים שנמחקו", "נמחק", "אשפה", "العناصر المحذوفة", "المحذوفة", "المهملات",
        "รายการที่ถูกลบ", "รายการที่ลบ", "ถังขยะ", "mục đã xóa", "mục đã xoá", "đã xóa", "thùng rác", "item yang dihapus", "sampah",
        "item dipadam", "हटाए गए आइटम", "حذف‌شده‌ها",
    ]),
    (Role::Junk, &[
        "junk email", "junk e-mail", "junk", "spam", "bulk mail", "junk-e-mail", "junk mail", "junk-mail", "spamverdacht",
        "courrier indésirable", "indésirable", "indésirables", "pourriel", "correo no deseado", "no deseado", "posta indesiderata",
        "indesiderata", "lixo eletrônico", "lixo electrónico", "correio eletrónico não solicitado", "email de lixo", "ongewenste e-mail",
        "ongewenst", "skräppost", "uønsket e-post", "uønsket mail", "uønsket post", "søppelpost", "roskaposti", "roskasähköposti",
        "wiadomości-śmieci", "wiadomości śmieci", "śmieci", "nevyžádaná pošta", "nevyžiadaná pošta", "nevyžiadané e-maily",
        "levélszemét", "e-mail nedorit", "mesaje nedorite", "nedorite", "нежелана поща", "нежелательная почта", "спам",
        "небажана пошта", "ανεπιθύμητη αλληλογραφία", "ανεπιθύμητα", "gereksiz e-posta", "önemsiz e-posta", "önemsiz",
        "neželena e-pošta", "neželena pošta", "bezvrijedna pošta", "neželjena pošta", "нежељена пошта", "nepageidaujamas paštas",
        "brukalas", "mēstules", "surāmpost", "rämpspost", "rämpsmeilid", "correu brossa", "zabor-posta", "迷惑メール", "垃圾邮件",
        "垃圾郵件", "정크 메일", "스팸 메일함", "스팸메일함", "דואר זבל", "זבל", "البريد الإلكتروني غير الهام", "البريد غير الهام",
        "อีเมลขยะ", "thư rác", "email rác", "email sampah", "e-mel sarap", "e-mel remeh", "जंक ईमेल", "هرزنامه",
    ]),
    (Role::Archive, &[
        "archive", "archives", "archiv", "archivo", "archivio", "arquivo", "arquivo morto", "archief", "arkiv", "arkisto",
        "archiwum", "archív", "archívum", "arhivă", "arhiva", "архив", "архив.", "архів", "αρχείο", "αρχειοθήκη", "arşiv",
        "arhiv", "архива", "archyvas", "arhīvs", "arhiiv", "arxiu", "artxiboa", "アーカイブ", "存档", "归档", "封存", "보관",
        "보관함", "ארכיון", "الأرشيف", "أرشيف", "ที่เก็บถาวร", "lưu trữ", "arsip", "arkib", "संग्रह", "بایگانی",
    ]),
];

/// Folders of Exchange that hold no mail, in the same languages; each hides what is below it too.
#[rustfmt::skip]
const NOT_MAIL: [&str; 12] = [
    // Calendar
    "calendar|kalender|calendrier|calendario|calendário|agenda|kalenteri|kalendarz|kalendář|kalendár|naptár|календар|календарь|ημερολόγιο|takvim|koledar|kalendar|kalendorius|kalendārs|calendari|egutegia|予定表|日历|日曆|行事曆|일정|לוח שנה|التقويم|ปฏิทิน|lịch|calendar folder",
    // Contacts
    "contacts|kontakte|contactos|contatti|contatos|contactpersonen|kontakter|kontaktpersoner|yhteystiedot|kontakty|névjegyalbum|persoane de contact|контакти|контакты|επαφές|kişiler|stiki|kontakti|контакты|kontaktai|kontaktpersonas|kontaktid|contactes|連絡先|联系人|連絡人|연락처|אנשי קשר|جهات الاتصال|ที่ติดต่อ|liên hệ|kontak",
    // Tasks
    "tasks|aufgaben|tâches|tareas|attività|tarefas|taken|uppgifter|oppgaver|opgaver|tehtävät|zadania|úkoly|úlohy|feladatok|activități|задачи|завдання|εργασίες|görevler|opravila|zadaci|užduotys|uzdevumi|ülesanded|tasques|タスク|任务|工作|작업|משימות|المهام|งาน|tác vụ|tugas",
    // Notes
    "notes|notizen|notas|note|notities|anteckningar|notater|noter|muistilaput|notatki|poznámky|feljegyzések|notițe|бележки|заметки|нотатки|σημειώσεις|notlar|opombe|bilješke|beleške|pastabos|piezīmes|märkmed|メモ|便笺|記事|메모|פתקים|ملاحظات|บันทึกย่อ|ghi chú|catatan",
    // Journal
    "journal|diario|diário|logboek|logg|journaler|päiväkirja|dziennik|deník|denník|napló|jurnal|дневник|щоденник|ημερολόγιο δραστηριοτήτων|günlük|dnevnik|žurnalas|žurnāls|päevik|履歴|日记|日誌|업무 일지|יומן|دفتر اليومية|สมุดบันทึก|nhật ký",
    // Outbox
    "outbox|postausgang|boîte d'envoi|boîte d’envoi|bandeja de salida|posta in uscita|caixa de saída|a enviar|postvak uit|utkorgen|utboks|udbakke|lähtevät|skrzynka nadawcza|pošta k odeslání|pošta na odoslanie|postázandó üzenetek|mesaje de expediat|изходящи|исходящие|вихідні|εξερχόμενα|giden kutusu|v pošiljanju|izlazna pošta|siunčiamieji|izsūtne|väljundkaust|sortida|送信トレイ|发件箱|寄件匣|보낼 편지함|דואר יוצא|البريد الصادر|علبة الصادر|กล่องจดหมายออก|hộp thư đi|kotak keluar",
    // Sync Issues
    "sync issues|synchronisierungsprobleme|problèmes de synchronisation|problemas de sincronización|problemi di sincronizzazione|problemas de sincronização|synchronisatieproblemen|synkroniseringsproblem|synkroniseringsproblemer|synkronointiongelmat|problemy z synchronizacją|problémy se synchronizací|problémy so synchronizáciou|szinkronizálási hibák|probleme de sincronizare|проблеми със синхронизирането|ошибки синхронизации|проблеми синхронізації|eşitleme sorunları|同期の失敗|同步问题|同步處理問題|동기화 문제",
    // Conversation History
    "conversation history|aufgezeichnete unterhaltungen|unterhaltungsverlauf|historique des conversations|historial de conversaciones|cronologia conversazioni|histórico de conversa|histórico de conversas|gespreksgeschiedenis|konversationshistorik|samtalelogg|samtaleoversigt|keskusteluhistoria|historia konwersacji|historie konverzací|história konverzácií|beszélgetések előzményei|istoric conversații|журнал бесед|история бесед|журнал розмов|konuşma geçmişi|スレッドの履歴|会话历史记录|對話記錄|交談記錄|대화 내용",
    // RSS
    "rss feeds|rss subscriptions|rss-feeds|rss-abonnements|flux rss|abonnements rss|suscripciones de rss|fuentes rss|feed rss|rss-kilder|rss-syötteet|kanały rss|informační kanály rss|rss-hírcsatornák|rss-каналы|rss フィード|rss 源|rss 摘要|rss 피드",
    // Folders of services
    "yammer root|files|quick step settings|externalcontacts|personmetadata|suggested contacts|vorgeschlagene kontakte|contacts suggérés|contactos sugeridos|working set|social activity notifications|conversation action settings|recipient cache|companies|organizational contacts|peoplecentricconversation buddies",
    // Dateien, Fichiers
    "dateien|fichiers|archivos|file|bestanden",
    // Local Failures and friends stand below Sync Issues, but some servers list them alone
    "conflicts|local failures|server failures|konflikte|lokale fehler|serverfehler",
];

/// Returns what a folder of the first level is for.
pub(in crate::backend) fn by_name(name: &str) -> Role {
    let name = name.to_lowercase();
    NAMES
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()))
        .map_or(Role::None, |(role, _)| *role)
}

/// Tells whether an Exchange folder of the first level holds no mail.
pub(in crate::backend) fn is_not_mail(name: &str) -> bool {
    let name = name.to_lowercase();
    NOT_MAIL
        .iter()
        .any(|names| names.split('|').any(|known| known == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_many_languages() {
        for (name, role) in [
            ("Sent Items", Role::Sent),
            ("Gesendete Elemente", Role::Sent),
            ("Éléments envoyés", Role::Sent),
            ("送信済みアイテム", Role::Sent),
            ("Удаленные", Role::Trash),
            ("Gelöschte Elemente", Role::Trash),
            ("Concepten", Role::Drafts),
            ("Correo no deseado", Role::Junk),
            ("Archivio", Role::Archive),
            ("Projects", Role::None),
        ] {
            assert_eq!(by_name(name), role, "{name}");
        }
    }

    #[test]
    fn a_name_means_one_thing() {
        let mut seen = std::collections::BTreeMap::new();
        for (role, names) in NAMES {
            for name in names {
                assert_eq!(name.to_lowercase(), **name, "{name} is not in lower case");
                assert!(seen.insert(*name, role).is_none(), "{name} is there twice");
            }
        }
        for (role, names) in NAMES {
            for name in names {
                assert!(!is_not_mail(name), "{name} is both {role:?} and no mail");
            }
        }
    }

    #[test]
    fn calendars_and_contacts_are_no_mail() {
        for name in [
            "Calendar",
            "Kalender",
            "Contacts",
            "予定表",
            "Outbox",
            "Sync Issues",
        ] {
            assert!(is_not_mail(name), "{name}");
        }
        assert!(!is_not_mail("Inbox"));
    }
}
