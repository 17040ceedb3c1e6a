//! What an apply lets pass, and what it waits for.

use std::time::{Duration, Instant};

use super::*;

#[tokio::test]
async fn what_was_recorded_is_not_accepted_by_a_stricter_configuration() {
    let origin = Origin::start().await;
    let resource = resource();
    let strict = config(&origin.place);
    let lenient = CarveoutProbe { on_walled: OnVerdict::Record.into(), ..strict.clone() };
    origin.wall_off("/share");
    let recorded = create(&resource, &lenient).await.0.unwrap();
    assert_eq!(plan(&resource, &lenient, &recorded).await, (false, vec![]));

    // The apply of the stricter one fails, and core stores its arguments all the same.
    let (refused, diagnostics) = update(&resource, &strict, &recorded).await;
    assert!(diagnostics.has_errors());
    assert_eq!(refused.model.on_walled, OnVerdict::Error.into());
    assert!(plan(&resource, &strict, &refused).await.0, "the failed apply looks like an accepted one");
    origin.carve_out("/share");
    let (good, diagnostics) = update(&resource, &strict, &refused).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(plan(&resource, &strict, &good).await, (false, vec![]));
}

#[tokio::test]
async fn an_update_waits_for_what_the_same_run_may_have_repaired() {
    let origin = Origin::start().await;
    let resource = resource();
    let config = CarveoutProbe { settle: "2m".to_owned().into(), ..config(&origin.place) };
    let good = create(&resource, &config).await.0.unwrap();
    origin.wall_off("/share");
    let seen = refresh(&resource, &good).await.expect("a change");
    let asked = origin.asked();
    let doors = Arc::clone(&origin.doors);
    let proxy = tokio::spawn(async move {
        // It takes over the repaired route after the first look.
        while doors.lock().unwrap().asked <= asked + 3 {
            tokio::task::yield_now().await;
        }
        doors.lock().unwrap().public.insert("/share");
    });
    let before = Instant::now();
    let (after, diagnostics) = update(&resource, &config, &seen).await;
    proxy.await.unwrap();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(verdict(&after), Verdict::Ok);
    assert!(before.elapsed() < Duration::from_mins(1), "it looked only at the end");
}

#[tokio::test]
async fn a_file_of_certificates_that_is_gone_is_an_error_at_its_argument_and_no_pass() {
    let origin = Origin::start().await;
    let resource = resource();
    let good = create(&resource, &config(&origin.place)).await.0.unwrap();
    let config = CarveoutProbe {
        ca_file: "/nowhere/ca.pem".to_owned().into(),
        on_unknown: OnVerdict::Record.into(),
        ..config(&origin.place)
    };
    let (state, diagnostics) = create(&resource, &config).await;
    assert!(state.is_none());
    let first = diagnostics.iter().next().unwrap();
    assert_eq!((first.path.clone(), first.severity), (Path::attr("ca_file"), Severity::Error));
    assert!(first.detail.contains("/nowhere/ca.pem"), "{first:?}");
    let (kept, diagnostics) = update(&resource, &config, &good).await;
    assert!(diagnostics.has_errors());
    assert_eq!(kept.model, good.model, "nothing was looked at");
    let gone = State { model: CarveoutProbe { ca_file: config.ca_file.clone(), ..good.model }, private: good.private };
    let seen = refresh(&resource, &gone).await.expect("a change");
    assert_eq!(verdict(&seen), Verdict::Unknown);
}
