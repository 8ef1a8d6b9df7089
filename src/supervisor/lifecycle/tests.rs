//! Tables of events and actions, and a walk through all states that can be reached.

use std::collections::{BTreeSet, VecDeque};

use super::*;

/// A supervisor whose driver is the test, on a clock that the test moves.
#[derive(Clone)]
struct Simulation {
    lifecycle: Lifecycle,
    now: Instant,
    /// The next worker to start; each start fails if there is none.
    next: Option<i32>,
    are_signals_held: bool,
    is_handed_over: bool,
    failure: Option<String>,
}

impl Simulation {
    /// Nothing has happened.
    fn new() -> Self {
        Self {
            lifecycle: Lifecycle::new(Duration::from_secs(10)),
            now: Instant::now(),
            next: Some(1),
            are_signals_held: false,
            is_handed_over: false,
            failure: None,
        }
    }

    /// These events have happened, in words.
    fn after(events: &str) -> Self {
        let mut simulation = Self::new();
        events.split(", ").filter(|event| !event.is_empty()).for_each(|event| {
            simulation.on(event);
        });
        simulation
    }

    /// The actions after an event, in words.
    fn on(&mut self, event: &str) -> String {
        let mut said = Vec::new();
        if let Some(event) = self.event(event) {
            let mut events = VecDeque::from([event]);
            while let Some(event) = events.pop_front() {
                for action in self.lifecycle.on(event, self.now) {
                    said.push(self.carry_out(action, &mut events));
                }
            }
        }
        said.extend(self.lifecycle.is_over().then(|| "over".to_owned()));
        said.join("; ")
    }

    /// An event in words: `upgrade`, `1 is ready`, `2 ends`, `5 s`, …
    fn event(&mut self, event: &str) -> Option<Event> {
        let (subject, verb) = event.split_once(' ').unwrap_or((event, ""));
        Some(match (subject, verb) {
            ("open", _) => Event::Opened,
            ("stop", _) => Event::Stop,
            ("reload", _) => Event::Reload,
            ("upgrade", _) => Event::Upgrade,
            ("watchdog", _) => Event::Watchdog,
            ("held", _) => Event::Held,
            ("exec", "fails") => Event::NotHandedOver("why".to_owned()),
            ("exec", _) => return self.succeed(),
            ("starts", "fail") => return self.fail_starts(),
            (time, "ms") => return Some(self.pass(Duration::from_millis(time.parse().unwrap()))),
            (time, "s") => return Some(self.pass(Duration::from_secs(time.parse().unwrap()))),
            (worker, "ends") => Event::Ended(pid(worker), "signal 9".to_owned()),
            (worker, "is ready") => Event::Reported(pid(worker), ready()),
            (worker, "is alive") => Event::Reported(pid(worker), Report::Alive),
            (worker, "misses it") => Event::Reported(pid(worker), Report::UpstreamFailed),
            (worker, "is closed") => Event::Reported(pid(worker), Report::Closed),
            (worker, "cannot") => {
                Event::Reported(pid(worker), Report::Failed(format!("{worker} has no luck")))
            }
            _ => panic!("no event: {event}"),
        })
    }

    /// The process becomes a supervisor of another executable.
    fn succeed(&mut self) -> Option<Event> {
        assert!(self.is_handed_over, "it has come to the exec");
        let workers = self.lifecycle.workers.iter().map(|worker| (worker.pid, worker.role));
        let workers = workers.collect();
        *self = Self { now: self.now, next: self.next, ..Self::new() };
        Some(Event::Inherited(workers))
    }

    fn fail_starts(&mut self) -> Option<Event> {
        self.next = None;
        None
    }

    fn pass(&mut self, time: Duration) -> Event {
        self.now += time;
        Event::Tick
    }

    fn carry_out(&mut self, action: Action, events: &mut VecDeque<Event>) -> String {
        match action {
            Action::Start(role) => self.start(role, events),
            Action::Retire(pid) => format!("retire {pid}"),
            Action::TellOldWorkers(pid, number) => format!("tell {pid} of {number} old"),
            Action::Stop(pid) => format!("stop {pid}"),
            Action::Kill(pid) => format!("kill {pid}"),
            Action::Announce { sandbox } => format!("announce {sandbox}"),
            Action::Log(level, line) => format!("{level}: {line}"),
            Action::Notify(notice) => format!("notify {notice:?}"),
            Action::ReloadCertificate => "read the certificate".to_owned(),
            Action::LookUpUpstream => "look the upstream up".to_owned(),
            Action::CloseListeners => "close".to_owned(),
            Action::HoldSignals => {
                self.are_signals_held = true;
                "hold".to_owned()
            }
            Action::ReleaseSignals => {
                (self.are_signals_held, self.is_handed_over) = (false, false);
                "release".to_owned()
            }
            Action::HandOver => {
                self.is_handed_over = true;
                "exec".to_owned()
            }
            Action::Fail(why) => {
                self.failure = Some(why.clone());
                format!("fail: {why}")
            }
        }
    }

    fn start(&mut self, role: Role, events: &mut VecDeque<Event>) -> String {
        let Some(number) = self.next else {
            events.push_back(Event::NotStarted(role, "why".to_owned()));
            return format!("start {role:?} in vain");
        };
        self.next = Some(number + 1);
        events.push_back(Event::Started(Pid::from_raw(number).unwrap(), role));
        format!("start {role:?} as {number}")
    }
}

fn pid(number: &str) -> Pid {
    Pid::from_raw(number.parse().unwrap()).unwrap()
}

fn ready() -> Report {
    Report::Ready { sandbox: "sand".to_owned(), release: "r".to_owned() }
}

/// Events and the actions after each, line by line.
#[track_caller]
fn story(lines: &[(&str, &str)]) {
    let mut simulation = Simulation::new();
    for (event, expected) in lines {
        assert_eq!(simulation.on(event), *expected, "{event}");
    }
}

/// The actions after each of some events, when others came before.
#[track_caller]
fn moment(before: &str, cases: &[(&str, &str)]) {
    let simulation = Simulation::after(before);
    for (event, expected) in cases {
        assert_eq!(simulation.clone().on(event), *expected, "{before}, {event}");
    }
}

const SERVING: &str = "open, 1 is ready";
const RELOAD: &str = "notify Reloading; read the certificate; \
                      look the upstream up; notify Reloaded";
const READY_2: &str = "INFO: upgraded: worker 2 serves release r; sand; retire 1; \
                       notify Serving(\"r\"); hold";
const FAILED_2: &str = "ERROR: the upgrade failed, and everything goes on as before";

#[test]
fn an_upstream_that_is_missed_may_have_moved() {
    moment(SERVING, &[("1 misses it", "look the upstream up"), ("2 misses it", "")]);
}

#[test]
fn a_life_without_events() {
    story(&[
        ("open", "start First as 1"),
        ("1 is ready", "announce sand; notify Serving(\"r\")"),
        ("5 s", ""),
        ("1 is alive", ""),
        ("stop", "notify Stopping; stop 1"),
        ("1 is closed", "close"),
        ("1 ends", "over"),
    ]);
}

#[test]
fn old_workers_are_bounded() {
    let upgrade = |number: u32| format!("upgrade, {number} is ready, held, exec");
    let before = |newest: u32| {
        let upgrades: Vec<_> = (2..newest).map(upgrade).collect();
        [SERVING.to_owned()].into_iter().chain(upgrades).collect::<Vec<_>>().join(", ")
    };
    let ready = |newest: u32, stopped: &str| {
        format!(
            "INFO: upgraded: worker {newest} serves release r; sand; retire {}; {stopped}\
             notify Serving(\"r\"); hold",
            newest - 1
        )
    };
    moment(&format!("{}, upgrade", before(4)), &[("4 is ready", &ready(4, ""))]);
    moment(&format!("{}, upgrade", before(5)), &[("5 is ready", &ready(5, "stop 1; "))]);
    // One that is still there is told again, and those that have ended do not count.
    moment(&format!("{}, upgrade", before(6)), &[("6 is ready", &ready(6, "stop 1; stop 2; "))]);
    moment(&format!("{}, 1 ends, upgrade", before(5)), &[("5 is ready", &ready(5, ""))]);
}

#[test]
fn the_worker_that_serves_knows_how_many_are_old() {
    story(&[
        ("open", "start First as 1"),
        ("1 is ready", "announce sand; notify Serving(\"r\")"),
        ("5 s", ""),
        ("upgrade", "start Candidate as 2"),
        ("2 is ready", READY_2),
        ("held", "notify HandingOver; exec"),
        ("exec", ""),
        ("5 s", "tell 2 of 1 old"),
        ("5 s", ""),
        ("1 ends", "INFO: the old worker 1 has finished"),
        ("5 s", "tell 2 of 0 old"),
        ("5 s", ""),
    ]);
}

#[test]
fn a_first_start_that_fails_is_the_end() {
    moment("open", &[("1 ends", "fail: the worker ended while it started: signal 9")]);
    moment("open, 1 cannot", &[("1 ends", "fail: 1 has no luck")]);
    moment("starts fail", &[("open", "start First in vain; fail: why")]);
    moment("open, upgrade", &[("1 ends", "fail: the worker ended while it started: signal 9")]);
}

#[test]
fn a_worker_that_crashes_is_replaced_after_a_pause() {
    story(&[
        ("open", "start First as 1"),
        ("1 is ready", "announce sand; notify Serving(\"r\")"),
        ("1 ends", "ERROR: worker 1 ended: signal 9; another one starts in 100ms"),
        ("99 ms", ""),
        ("1 ms", "start Restarted as 2"),
        ("2 cannot", ""),
        ("2 ends", "ERROR: worker 2 ended: 2 has no luck; another one starts in 200ms"),
        ("200 ms", "start Restarted as 3"),
        ("3 is ready", "INFO: worker 3 serves; notify Serving(\"r\")"),
        ("3 ends", "ERROR: worker 3 ended: signal 9; another one starts in 400ms"),
        ("400 ms", "start Restarted as 4"),
        ("4 is ready", "INFO: worker 4 serves; notify Serving(\"r\")"),
        ("29 s", ""),
        ("4 is alive", ""),
        ("29 s", ""),
        ("4 is alive", ""),
        ("2 s", ""),
        ("4 ends", "ERROR: worker 4 ended: signal 9; another one starts in 100ms"),
        ("starts fail", ""),
        ("100 ms", "start Restarted in vain; ERROR: cannot start a worker: why"),
        ("199 ms", ""),
        ("1 ms", "start Restarted in vain; ERROR: cannot start a worker: why"),
        (
            "upgrade",
            "start Candidate in vain; \
             ERROR: the upgrade failed, and everything goes on as before: why",
        ),
        ("stop", "notify Stopping; over"),
    ]);
}

#[test]
fn the_next_tick_is_due_when_a_pause_or_the_time_to_stop_ends() {
    let due = |events| {
        let simulation = Simulation::after(events);
        simulation.lifecycle.due().map(|due| (due - simulation.now).as_millis())
    };
    assert_eq!(due(SERVING), None);
    assert_eq!(due("open, 1 is ready, 1 ends"), Some(100));
    assert_eq!(due("open, 1 is ready, 1 ends, 40 ms"), Some(60));
    assert_eq!(due("open, 1 is ready, stop"), Some(15_000));
    assert_eq!(due("open, 1 is ready, upgrade, 2 is ready"), None);
}

#[test]
fn a_worker_that_is_silent_is_killed() {
    let killed = |pid, seconds| {
        format!("ERROR: worker {pid} has been silent for {seconds}s: it is killed; kill {pid}")
    };
    moment("open", &[("60 s", ""), ("61 s", &killed(1, 60))]);
    moment(SERVING, &[("30 s", ""), ("31 s", &killed(1, 30))]);
    moment("open, 1 is ready, 29 s, 1 is alive, 29 s", &[("1 s", ""), ("2 s", &killed(1, 30))]);
    // It is given as long again to end.
    moment("open, 1 is ready, 31 s", &[("30 s", ""), ("31 s", &killed(1, 30))]);
    let before = "open, 1 is ready, upgrade, 2 is ready, held, exec, 29 s, 2 is alive";
    moment(before, &[("2 s", &killed(1, 30))]);
    moment("open, 1 is ready, stop", &[("31 s", &format!("{}; {CUT_OFF_1}", killed(1, 30)))]);
}

#[test]
fn an_upgrade() {
    story(&[
        ("open", "start First as 1"),
        ("1 is ready", "announce sand; notify Serving(\"r\")"),
        ("upgrade", "start Candidate as 2"),
        ("upgrade", "WARN: an upgrade is under way already"),
        ("2 is ready", READY_2),
        ("held", "notify HandingOver; exec"),
        ("exec", ""),
        ("1 ends", "INFO: the old worker 1 has finished"),
        ("2 ends", "ERROR: worker 2 ended: signal 9; another one starts in 100ms"),
        ("100 ms", "start Restarted as 3"),
        ("3 is ready", "INFO: worker 3 serves; notify Serving(\"r\")"),
    ]);
}

#[test]
fn a_candidate_that_fails_changes_nothing() {
    let candidate = "open, 1 is ready, upgrade";
    let failed = |why| format!("{FAILED_2}: {why}");
    let in_vain = format!("start Candidate in vain; {}", failed("why"));
    moment("open, 1 is ready, starts fail", &[("upgrade", &in_vain)]);
    moment(candidate, &[("2 ends", &failed("signal 9"))]);
    moment("open, 1 is ready, upgrade, 2 cannot", &[("2 ends", &failed("2 has no luck"))]);
    let silent = "ERROR: worker 2 has been silent for 60s: it is killed; kill 2";
    moment("open, 1 is ready, upgrade, 50 s, 1 is alive", &[("11 s", silent)]);
    // And then the next one may try.
    moment("open, 1 is ready, upgrade, 2 ends", &[("upgrade", "start Candidate as 3")]);
    moment("open, 1 is ready, upgrade, 2 ends", &[("watchdog", "notify AllIsWell")]);
}

/// The message of one worker once stood in for that of another one.
#[test]
fn a_failure_is_told_of_the_worker_that_reported_it() {
    let before = "open, 1 is ready, upgrade, 1 ends, 100 ms, 3 cannot";
    moment(before, &[("2 ends", &format!("{FAILED_2}: signal 9"))]);
    let before = "open, 1 is ready, upgrade, 1 ends, 100 ms, 2 cannot";
    let crashed = "ERROR: worker 3 ended: signal 9; another one starts in 200ms";
    moment(before, &[("3 ends", crashed)]);
    moment(
        "open, upgrade, 2 cannot",
        &[("1 ends", "fail: the worker ended while it started: signal 9")],
    );
}

#[test]
fn a_worker_that_crashes_during_an_upgrade_is_replaced_by_the_candidate_if_that_is_earlier() {
    let crashed = "open, 1 is ready, upgrade, 1 ends";
    let ready = "INFO: upgraded: worker 2 serves release r; sand; notify Serving(\"r\"); hold";
    moment(crashed, &[("2 is ready", ready), ("100 ms", "start Restarted as 3")]);
    moment("open, 1 is ready, upgrade, 1 ends, 2 is ready", &[("100 ms", "")]);
    let retired = "INFO: upgraded: worker 2 serves release r; sand; retire 3; \
                   notify Serving(\"r\"); hold";
    moment("open, 1 is ready, upgrade, 1 ends, 100 ms", &[("2 is ready", retired)]);
    // Of the worker that was starting, nobody wants to hear any more.
    let before = "open, 1 is ready, upgrade, 1 ends, 100 ms, 2 is ready, held, exec";
    moment(before, &[("3 is ready", ""), ("3 ends", "INFO: the old worker 3 has finished")]);
}

#[test]
fn an_upgrade_during_the_start_takes_over_from_the_first_worker() {
    moment(
        "open, upgrade",
        &[("2 is ready", READY_2), ("1 is ready", "announce sand; notify Serving(\"r\")")],
    );
    moment("open, upgrade, 2 is ready, held, exec", &[("1 is ready", "")]);
}

/// The restart was lost in the exec, and nobody served any more.
#[test]
fn a_new_worker_that_crashes_before_the_exec_is_replaced() {
    let before = "open, 1 is ready, upgrade, 2 is ready, 2 ends";
    moment(before, &[("held", "release"), ("100 ms", "start Restarted as 3")]);
    let before = "open, 1 is ready, upgrade, 2 is ready, held, exec";
    let crashed = "ERROR: worker 2 ended: signal 9; another one starts in 100ms";
    moment(before, &[("2 ends", crashed)]);
}

#[test]
fn a_successor_that_inherits_nobody_who_serves_starts_a_worker() {
    let mut simulation = Simulation::new();
    let workers = vec![(pid("1"), Role::Retired), (pid("2"), Role::Candidate)];
    assert_eq!(simulation.lifecycle.on(Event::Inherited(workers), simulation.now), []);
    simulation.next = Some(3);
    assert_eq!(simulation.on("0 ms"), "start Restarted as 3");
}

#[test]
fn a_supervisor_that_cannot_hand_over_goes_on() {
    let before = "open, 1 is ready, upgrade, 2 is ready, held";
    let said = "ERROR: the new worker serves, but its supervisor cannot take over: why; release";
    moment(before, &[("exec fails", said)]);
    let before = "open, 1 is ready, upgrade, 2 is ready, held, exec fails";
    moment(
        before,
        &[
            ("upgrade", "start Candidate as 3"),
            ("1 ends", "INFO: the old worker 1 has finished"),
            ("2 ends", "ERROR: worker 2 ended: signal 9; another one starts in 100ms"),
            ("stop", "notify Stopping; stop 1; stop 2"),
            ("watchdog", "notify AllIsWell"),
        ],
    );
}

#[test]
fn each_signal_at_each_moment() {
    let signals = |before, stop, upgrade| {
        moment(before, &[("stop", stop), ("upgrade", upgrade), ("reload", RELOAD)]);
    };
    let under_way = "WARN: an upgrade is under way already";
    signals("open", "notify Stopping; stop 1", "start Candidate as 2");
    signals(SERVING, "notify Stopping; stop 1", "start Candidate as 2");
    signals("open, 1 is ready, 1 ends", "notify Stopping; over", "start Candidate as 2");
    signals("open, 1 is ready, 1 ends, 100 ms", "notify Stopping; stop 2", "start Candidate as 3");
    signals("open, 1 is ready, upgrade", "notify Stopping; stop 1; stop 2", under_way);
    signals("open, upgrade", "notify Stopping; stop 1; stop 2", under_way);
    signals("open, 1 is ready, upgrade, 1 ends", "notify Stopping; stop 2", under_way);
    let window = "open, 1 is ready, upgrade, 2 is ready";
    signals(window, "notify Stopping; stop 1; stop 2", "start Candidate as 3");
    let successor = "open, 1 is ready, upgrade, 2 is ready, held, exec";
    signals(successor, "notify Stopping; stop 1; stop 2", "start Candidate as 3");
    let successor = "open, 1 is ready, upgrade, 2 is ready, upgrade, held, exec";
    signals(successor, "notify Stopping; stop 1; stop 2; stop 3", under_way);
    let failed = "open, 1 is ready, upgrade, 2 is ready, held, exec fails";
    signals(failed, "notify Stopping; stop 1; stop 2", "start Candidate as 3");
    // A second signal to stop kills.
    signals("open, stop", "kill 1", "");
    signals("open, 1 is ready, stop", "kill 1", "");
    signals("open, 1 is ready, upgrade, stop", "kill 1; kill 2", "");
    signals("open, 1 is ready, upgrade, 2 is ready, stop", "kill 1; kill 2", "");
}

/// Signals that came before the exec are passed in while signals are held.
#[test]
fn signals_before_the_exec() {
    let window = "open, 1 is ready, upgrade, 2 is ready";
    let held = |signals: &str, expected| {
        moment(&[window, signals].join(", "), &[("held", expected)]);
    };
    let exec = "notify HandingOver; exec";
    moment(window, &[("held", exec)]);
    held("reload", exec);
    held("upgrade", exec);
    held("upgrade, reload, upgrade", exec);
    held("stop", "release");
    held("upgrade, stop", "release");
    held("stop, reload, upgrade", "release");
    held("stop, stop", "release");
    // The candidate of the second signal is the successor's.
    let successor = "open, 1 is ready, upgrade, 2 is ready, upgrade, held, exec";
    let ready = "INFO: upgraded: worker 3 serves release r; sand; retire 2; \
                 notify Serving(\"r\"); hold";
    moment(successor, &[("3 is ready", ready), ("3 ends", &format!("{FAILED_2}: signal 9"))]);
}

#[test]
fn a_stop_is_the_end_of_all_workers() {
    let stopping = "open, 1 is ready, upgrade, 2 is ready, held, exec, stop";
    moment(
        stopping,
        &[
            ("2 is ready", ""),
            ("1 ends", ""),
            ("2 ends", ""),
            ("14 s", ""),
            (
                "15 s",
                "WARN: the time to finish is over: responses that are still under way are cut off; \
                 kill 1; kill 2",
            ),
        ],
    );
    moment("open, 1 is ready, upgrade, stop, 1 ends", &[("2 ends", "over")]);
    moment("open, 1 is ready, stop, 15 s", &[("4 s", ""), ("5 s", CUT_OFF_1)]);
    moment("open, stop", &[("1 ends", "over"), ("1 is ready", "")]);
}

/// A candidate may be a script that hears no order, with programs of its own.
#[test]
fn a_stop_does_not_wait_for_a_worker_that_does_not_start() {
    let stopping = "open, 1 is ready, upgrade, stop";
    moment(stopping, &[("4 s", ""), ("5 s", "kill 2"), ("2 ends", "")]);
    moment(&format!("{stopping}, 5 s"), &[("1 s", ""), ("2 ends", ""), ("1 ends", "")]);
    moment(&format!("{stopping}, 5 s, 2 ends"), &[("1 ends", "over")]);
    moment("open, stop", &[("4 s", ""), ("5 s", "kill 1")]);
    moment("open, 1 is ready, 1 ends, 100 ms, stop", &[("5 s", "kill 2")]);
    // One that starts after all has clients, and time for them.
    moment(&format!("{stopping}, 2 is ready"), &[("5 s", ""), ("14 s", "")]);
}

const CUT_OFF_1: &str =
    "WARN: the time to finish is over: responses that are still under way are cut off; kill 1";

#[test]
fn the_watchdog_is_told_while_a_worker_serves() {
    let watchdog = |before, expected| moment(before, &[("watchdog", expected)]);
    watchdog("open", "");
    watchdog(SERVING, "notify AllIsWell");
    watchdog("open, 1 is ready, 1 ends", "");
    watchdog("open, 1 is ready, 1 ends, 100 ms", "");
    watchdog("open, 1 is ready, upgrade", "notify AllIsWell");
    watchdog("open, upgrade", "");
    watchdog("open, 1 is ready, upgrade, 2 is ready, held, exec", "notify AllIsWell");
    watchdog("open, 1 is ready, stop", "notify AllIsWell");
}

/// A worker that somebody has taken over cannot talk the supervisor into anything.
#[test]
fn reports_that_do_not_fit_are_ignored() {
    moment(SERVING, &[("1 is ready", ""), ("1 is closed", ""), ("7 is ready", ""), ("7 ends", "")]);
    moment(
        "open, 1 is ready, upgrade, 2 is ready, held, exec",
        &[("1 is ready", ""), ("1 is closed", "")],
    );
    // The listeners are closed by the word of the worker in charge, when all are to stop.
    let stopping = "open, 1 is ready, upgrade, 2 is ready, held, exec, stop";
    moment(stopping, &[("1 is closed", ""), ("2 is closed", "close")]);
    moment("open, 1 is ready, upgrade, stop", &[("2 is closed", ""), ("1 is closed", "close")]);
    // A worker that has started cannot say that it has not.
    let ended = "ERROR: worker 1 ended: signal 9; another one starts in 100ms";
    moment("open, 1 is ready, 1 cannot", &[("1 ends", ended)]);
}

// All states.

impl Simulation {
    /// Everything that can happen now.
    fn possible(&self) -> Vec<String> {
        if self.is_handed_over {
            return ["exec", "exec fails"].map(str::to_owned).to_vec();
        }
        let signals = ["stop", "upgrade", "reload"].map(str::to_owned);
        if self.are_signals_held {
            return signals.into_iter().chain(["held".to_owned()]).collect();
        }
        let workers = self.lifecycle.workers.iter().flat_map(|worker| {
            ["is ready", "ends", "cannot"].map(|verb| format!("{} {verb}", worker.pid))
        });
        signals.into_iter().chain(workers).chain(["10 s".to_owned()]).collect()
    }

    /// The phase and the roles: of all that is alike in these, the same can follow.
    fn kind(&self) -> String {
        let phase = format!("{:?}", self.lifecycle.phase);
        let phase = phase.split(' ').next().unwrap().to_owned();
        let roles: Vec<_> = self.lifecycle.workers.iter().map(|worker| worker.role).collect();
        format!("{phase} {roles:?} {} {}", self.are_signals_held, self.is_handed_over)
    }

    fn check(&self, path: &str) {
        let count = |wanted: fn(&Worker) -> bool| {
            self.lifecycle.workers.iter().filter(|worker| wanted(worker)).count()
        };
        assert!(count(|worker| worker.role == Role::Candidate) <= 1, "{path}");
        if !self.lifecycle.is_stopping() && self.failure.is_none() {
            let is_pausing = matches!(self.lifecycle.phase, Phase::Pausing { .. });
            assert_eq!(count(Worker::is_in_charge), usize::from(!is_pausing), "{path}");
        }
        if self.is_handed_over {
            assert_eq!(count(|worker| worker.role == Role::Current), 1, "{path}");
        }
    }

    /// From everywhere, a stop and the ends of all workers lead to the end.
    fn check_end(mut self, path: &str) {
        if self.is_handed_over {
            self.on("exec");
        }
        self.on("stop");
        if self.are_signals_held {
            self.on("held");
        }
        assert!(!self.are_signals_held, "{path}");
        while let Some(worker) = self.lifecycle.workers.first() {
            let ends = format!("{} ends", worker.pid);
            self.on(&ends);
        }
        assert!(self.lifecycle.is_over(), "{path}");
    }
}

#[test]
fn in_all_states_that_can_be_reached_somebody_serves_or_will() {
    const MOST_WORKERS: usize = 5;
    let mut seen = BTreeSet::new();
    let mut open = VecDeque::from([("open".to_owned(), Simulation::after("open"))]);
    while let Some((path, simulation)) = open.pop_front() {
        simulation.check(&path);
        let is_over = simulation.failure.is_some() || simulation.lifecycle.is_over();
        if is_over || !seen.insert(simulation.kind()) {
            continue;
        }
        simulation.clone().check_end(&path);
        for event in simulation.possible() {
            let mut next = simulation.clone();
            next.on(&event);
            if next.lifecycle.workers.len() <= MOST_WORKERS {
                open.push_back((format!("{path}, {event}"), next));
            }
        }
    }
    assert!(seen.len() > 100, "{}", seen.len());
}
