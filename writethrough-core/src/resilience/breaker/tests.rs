use std::time::Duration;

use tokio::time::advance;

use super::circuit::{FIRST_PAUSE, LONGEST_PAUSE, PROBES};
use super::window::{LEAST_FAILURES, SPAN};
use super::*;

/// A bit longer than the longest jitter makes of a pause.
fn whole(pause: Duration) -> Duration {
    pause.mul_f64(1.5)
}

fn report(breaker: &Breaker, answered: bool, times: u32) {
    for _ in 0..times {
        breaker.admit().expect("it may be sent").report(answered);
    }
}

fn opened() -> Breaker {
    let breaker = Breaker::default();
    report(&breaker, false, LEAST_FAILURES);
    assert_eq!(breaker.state(), BreakerState::Open);
    breaker
}

#[tokio::test(start_paused = true)]
async fn it_opens_after_a_few_failures_in_a_row_and_lets_nothing_through() {
    let breaker = Breaker::default();
    report(&breaker, false, LEAST_FAILURES - 1);
    assert_eq!(breaker.state(), BreakerState::Closed);
    report(&breaker, false, 1);
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(breaker.admit().is_none());
}

#[tokio::test(start_paused = true)]
async fn it_stays_closed_while_most_calls_are_answered() {
    let breaker = Breaker::default();
    for _ in 0..100 {
        report(&breaker, false, 1);
        report(&breaker, true, 2);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn it_opens_though_some_calls_are_answered_when_half_of_them_fail() {
    let breaker = Breaker::default();
    for _ in 1..LEAST_FAILURES {
        report(&breaker, false, 1);
        report(&breaker, true, 1);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
    report(&breaker, false, 1);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn failures_that_lie_far_apart_are_forgotten() {
    let breaker = Breaker::default();
    for _ in 0..10 {
        report(&breaker, false, LEAST_FAILURES - 1);
        advance(SPAN).await;
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn successes_are_not_counted_while_nothing_fails() {
    let breaker = Breaker::default();
    report(&breaker, false, 1);
    assert_eq!(breaker.posted().0, CLOSED);
    advance(SPAN).await;
    report(&breaker, true, 1);
    assert_eq!(breaker.posted().0, CALM);
}

#[tokio::test(start_paused = true)]
async fn after_the_pause_it_lets_a_few_probes_through_and_their_answers_close_it() {
    let breaker = opened();
    advance(whole(FIRST_PAUSE)).await;
    let mut probes: Vec<_> = (0..PROBES).map(|_| breaker.admit().expect("the pause is over")).collect();
    assert!(breaker.admit().is_none(), "no more than those");
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    let last = probes.pop().expect("the last one");
    for probe in probes {
        probe.report(true);
        assert!(breaker.admit().is_none(), "there are as many as it needs");
    }
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    last.report(true);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn probes_may_come_one_after_the_other() {
    let breaker = opened();
    advance(whole(FIRST_PAUSE)).await;
    report(&breaker, true, PROBES);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_doubles_the_pause_up_to_the_longest() {
    let breaker = opened();
    let mut pause = FIRST_PAUSE;
    for _ in 0..8 {
        advance(pause.mul_f64(0.99)).await;
        assert!(breaker.admit().is_none(), "{pause:?}");
        advance(pause.mul_f64(0.51)).await;
        report(&breaker, false, 1);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_fails_again_soon_is_left_alone_for_longer_and_one_that_was_well_is_not() {
    let breaker = opened();
    advance(whole(FIRST_PAUSE)).await;
    report(&breaker, true, PROBES);
    report(&breaker, false, LEAST_FAILURES);
    advance(whole(FIRST_PAUSE)).await;
    assert!(breaker.admit().is_none(), "the second pause is longer");
    advance(whole(FIRST_PAUSE)).await;
    report(&breaker, true, PROBES);
    advance(SPAN).await;
    report(&breaker, false, LEAST_FAILURES);
    advance(whole(FIRST_PAUSE)).await;
    assert!(breaker.admit().is_some(), "as after the first failure of all");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_probe_gives_its_place_to_the_next_one() {
    let breaker = opened();
    advance(whole(FIRST_PAUSE)).await;
    for _ in 0..10 {
        drop(breaker.admit().expect("the place is free"));
    }
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn a_call_from_before_it_opened_does_not_open_it_again() {
    let breaker = Breaker::default();
    let slow = breaker.admit().expect("it is closed");
    report(&breaker, false, LEAST_FAILURES);
    advance(whole(FIRST_PAUSE)).await;
    report(&breaker, true, 1);
    slow.report(false);
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn one_who_insists_is_let_through_and_what_comes_of_it_counts() {
    let breaker = opened();
    breaker.insist().report(false);
    assert_eq!((breaker.state(), breaker.recoveries().so_far()), (BreakerState::Open, 0));
    breaker.insist().report(true);
    assert_eq!((breaker.state(), breaker.recoveries().so_far()), (BreakerState::HalfOpen, 1));
    report(&breaker, true, PROBES - 1);
    assert_eq!((breaker.state(), breaker.recoveries().so_far()), (BreakerState::Closed, 1));
}

#[tokio::test(start_paused = true)]
async fn it_opens_at_once_when_the_connection_is_lost() {
    let breaker = Breaker::default();
    breaker.cut_off();
    assert!(breaker.admit().is_none());
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[tokio::test(start_paused = true)]
async fn it_does_not_sit_out_its_pause_when_there_is_a_connection_again() {
    let breaker = Breaker::default();
    breaker.cut_off();
    breaker.coming_back();
    assert_eq!((breaker.state(), breaker.recoveries().so_far()), (BreakerState::Open, 1));
    breaker.came_back();
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    report(&breaker, true, PROBES);
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_back_but_does_not_answer_opens_it_again() {
    let breaker = Breaker::default();
    breaker.cut_off();
    breaker.came_back();
    report(&breaker, false, 1);
    assert_eq!(breaker.state(), BreakerState::Open);
}
