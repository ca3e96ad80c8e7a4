//! The order of work.

use super::*;
use crate::model::{MailboxId, RemoteId};

const NOTHING: Pressing = Pressing {
    has_body: false,
    has_pending: false,
};

fn folder(row: i64, role: Role) -> Folder {
    Folder {
        id: FolderId::new(row),
        mailbox: MailboxId::new(1),
        remote: RemoteId::new(format!("f{row}")),
        path: format!("F{row}"),
        role,
        selectable: true,
        total: 0,
        unread: 0,
        cached: 0,
    }
}

/// A plan of trash 1, ordinary 2, sent 3, inbox 4, ordinary 5.
fn plan(now: Instant) -> Plan {
    let roles = [Role::Trash, Role::None, Role::Sent, Role::Inbox, Role::None];
    let mut plan = Plan::default();
    let folders = (1..).zip(roles).map(|(row, role)| folder(row, role));
    plan.set_folders(folders.collect(), now);
    plan
}

/// Does everything the plan wants and returns the folders in the order they were synchronised.
fn check_order(plan: &mut Plan, now: Instant, expected: &[i64]) {
    let mut order = Vec::new();
    while let Some(job) = plan.next(NOTHING, now) {
        match job {
            Job::Sync(id) => {
                order.push(id.row());
                plan.stepped(id, false, false, now);
            }
            Job::Prefetch(id) => plan.has_bodies(id),
            other => panic!("{other:?} was not expected"),
        }
    }
    assert_eq!(order, expected);
}

#[test]
fn the_inbox_comes_first_and_trash_last() {
    let now = Instant::now();
    check_order(&mut plan(now), now, &[4, 3, 2, 5, 1]);
}

#[test]
fn the_folder_on_screen_comes_right_after_the_inbox() {
    let now = Instant::now();
    let mut plan = plan(now);
    plan.look(Some(FolderId::new(5)));
    check_order(&mut plan, now, &[4, 5, 3, 2, 1]);
}

#[test]
fn bodies_come_before_changes_and_both_before_folders() {
    let now = Instant::now();
    let plan = plan(now);
    for (has_body, has_pending, expected) in [
        (true, true, Job::Body),
        (false, true, Job::Replay),
        (false, false, Job::Sync(FolderId::new(4))),
    ] {
        let pressing = Pressing {
            has_body,
            has_pending,
        };
        assert_eq!(plan.next(pressing, now), Some(expected));
    }
}

#[test]
fn backfill_waits_for_the_first_page_of_every_folder() {
    let now = Instant::now();
    let mut plan = plan(now);
    plan.stepped(FolderId::new(4), true, true, now);
    for row in [3, 2, 5, 1] {
        let id = FolderId::new(row);
        assert_eq!(plan.next(NOTHING, now), Some(Job::Sync(id)));
        assert_eq!(plan.folder(id).unwrap().1, Phase::News);
        plan.stepped(id, false, false, now);
    }
    let inbox = FolderId::new(4);
    assert_eq!(plan.next(NOTHING, now), Some(Job::Sync(inbox)));
    assert_eq!(plan.folder(inbox).unwrap().1, Phase::Backfill);
    plan.stepped(inbox, false, false, now);
    assert_eq!(plan.next(NOTHING, now), Some(Job::Prefetch(inbox)));
}

#[test]
fn a_resting_folder_is_left_alone_until_its_time() {
    let now = Instant::now();
    let mut plan = plan(now);
    let until = now + Duration::from_secs(100);
    plan.rest(FolderId::new(4), until);
    check_order(&mut plan, now, &[3, 2, 5, 1]);
    check_order(&mut plan, until, &[4]);
}

#[test]
fn polls_are_due_by_how_near_a_folder_is() {
    let now = Instant::now();
    let mut plan = plan(now);
    check_order(&mut plan, now, &[4, 3, 2, 5, 1]);
    let inbox = FolderId::new(4);
    assert_eq!(plan.poll(None, now), POLL_NEAR);
    assert_eq!(plan.poll(Some(inbox), now), POLL_FAR);

    let later = now + POLL_FAR;
    plan.poll(Some(inbox), later);
    check_order(&mut plan, later, &[3, 2, 5, 1]);
    plan.poll(None, later);
    check_order(&mut plan, later, &[4]);
}

#[test]
fn a_new_connection_looks_at_what_is_near_only() {
    let now = Instant::now();
    let mut plan = plan(now);
    check_order(&mut plan, now, &[4, 3, 2, 5, 1]);
    plan.look(Some(FolderId::new(2)));
    check_order(&mut plan, now, &[2]);
    plan.connected();
    check_order(&mut plan, now, &[4, 2]);
}

#[test]
fn the_folder_list_is_read_first_and_again_when_it_is_old() {
    let now = Instant::now();
    assert_eq!(Plan::default().next(NOTHING, now), Some(Job::List));
    let mut plan = plan(now);
    check_order(&mut plan, now, &[4, 3, 2, 5, 1]);
    assert_eq!(plan.next(NOTHING, now + POLL_LIST), Some(Job::List));
}

#[test]
fn the_folder_on_screen_is_listened_to_else_the_inbox() {
    let mut plan = plan(Instant::now());
    assert_eq!(plan.watched().unwrap().folder, FolderId::new(4));
    plan.look(Some(FolderId::new(2)));
    assert_eq!(plan.watched().unwrap().folder, FolderId::new(2));
    plan.look(Some(FolderId::new(99)));
    assert_eq!(plan.watched().unwrap().folder, FolderId::new(4));
}

#[test]
fn what_is_stopped_rests_until_it_is_taken_up_again() {
    let now = Instant::now();
    let mut plan = plan(now);
    plan.stepped(FolderId::new(4), true, true, now);
    plan.hold();
    assert!(plan.is_held());
    assert_eq!(plan.next(NOTHING, now), None);
    plan.release();
    plan.look_at_all();
    plan.set_folders((1..=5).map(|row| folder(row, Role::None)).collect(), now);
    assert!(!plan.is_held());
    check_order(&mut plan, now, &[1, 2, 3, 5, 4]);
}

#[test]
fn news_of_the_inbox_come_while_everything_is_stopped_and_nothing_else() {
    let now = Instant::now();
    let mut plan = plan(now);
    plan.hold();
    // Folders that were never looked at must not make the worker run in circles.
    assert_eq!(plan.poll(None, now), Duration::ZERO);
    plan.look(Some(FolderId::new(2)));
    let inbox = FolderId::new(4);
    assert_eq!(plan.next(NOTHING, now), Some(Job::Sync(inbox)));
    plan.stepped(inbox, true, true, now);
    assert_eq!(plan.next(NOTHING, now), Some(Job::Sync(FolderId::new(2))));
    plan.stepped(FolderId::new(2), true, true, now);
    plan.has_bodies(FolderId::new(2));
    assert_eq!(plan.next(NOTHING, now), None);
    assert_eq!(plan.poll(None, now), POLL_NEAR);
    assert_eq!(plan.poll(Some(inbox), now), POLL_NEAR);
}

#[test]
fn what_was_stopped_before_any_folder_was_known_rests_too() {
    let now = Instant::now();
    let mut plan = Plan::default();
    plan.hold();
    assert!(plan.is_held());
    plan.set_folders(vec![folder(1, Role::Inbox), folder(2, Role::None)], now);
    assert_eq!(plan.next(NOTHING, now), None);
    assert!(plan.is_held());
}
