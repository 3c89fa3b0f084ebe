//! The same hardware again, and hardware that has left.

use muster_control::{
    Action, CancelReason, CommandState, Escrow, Lifecycle, LostModeAfterErase, Readings,
    UnenrolReason,
};
use muster_protocol::CloseCode;
use muster_protocol::management::{ToDevice, ToServer, TokenUpdate};
use muster_protocol::secret::{BypassCode, UnlockToken};
use muster_server::ServerConfig;

use crate::device::{Device, Enrolled};
use crate::world::{World, config, done, iphone};

/// An iPhone with secrets in escrow, one command in flight and one waiting.
async fn busy(world: &World) -> (Enrolled, Device) {
    let (enrolled, mut device) = world.ready().await;
    let update = TokenUpdate {
        sequence: 1,
        unlock_token: Some(UnlockToken::new(vec![1, 2, 3])),
        bypass_code: Some(BypassCode::new("CODE".to_owned())),
    };
    device.say(&ToServer::TokenUpdate(update)).await;
    assert_eq!(device.hear().await, ToDevice::TokenUpdateAck { sequence: 1 });
    world.submit(enrolled.id, Action::SyncDevice).await;
    world.submit(enrolled.id, Action::RemoteLock).await;
    device.hear_command().await;
    (enrolled, device)
}

#[tokio::test]
async fn hardware_that_enrols_again_starts_a_new_life_and_ends_the_old_one() {
    let world = World::new().await;
    let (old, device) = busy(&world).await;
    let new = world.enrol(old.facts.clone()).await;
    assert_ne!(new.id, old.id);
    assert_eq!(device.closed().await, Some(CloseCode::CertificateSuperseded));
    assert_eq!(world.closed_with(CloseCode::CertificateSuperseded), 1);

    let ended = world.record(old.id).await;
    let again = UnenrolReason::EnrolledAgain;
    assert!(matches!(ended.lifecycle, Lifecycle::Unenrolled { reason, .. } if reason == again));
    assert_eq!(ended.escrow, Escrow::default());
    let canceled = CommandState::Canceled { reason: CancelReason::Unenrolled };
    assert!(ended.commands().all(|command| command.state == canceled));
    assert_eq!(ended.commands().count(), 2);

    let begun = world.record(new.id).await;
    assert_eq!((begun.escrow, begun.lifecycle), (Escrow::default(), Lifecycle::Enrolled));
    drop(world.site.ready(&new).await);
    assert_eq!(world.enrolled().await, 1);
}

#[tokio::test]
async fn the_certificate_of_an_earlier_life_is_refused() {
    let world = World::new().await;
    let old = world.enrol(iphone()).await;
    let new = world.enrol(old.facts.clone()).await;
    for _time in 0..2 {
        let code = world.site.turned_away(&old).await;
        assert_eq!(code, Some(CloseCode::CertificateSuperseded));
    }
    drop(world.site.ready(&new).await);
}

#[tokio::test]
async fn a_device_that_has_enrolled_again_stays_superseded_after_a_restart() {
    let world = World::new().await;
    let old = world.enrol(iphone()).await;
    let new = world.enrol(old.facts.clone()).await;
    let world = world.restart().await;
    assert_eq!(world.site.turned_away(&old).await, Some(CloseCode::CertificateSuperseded));
    drop(world.site.ready(&new).await);
    assert_eq!(world.enrolled().await, 1);
}

#[tokio::test]
async fn a_device_that_was_wiped_or_retired_is_refused_until_it_enrols_again() {
    let world = World::new().await;
    for action in
        [Action::Wipe { persist_esim_data_plan: true, keep_enrollment_data: false }, Action::Retire]
    {
        let (enrolled, mut device) = world.ready().await;
        let leave = world.submit(enrolled.id, action).await;
        let command = device.hear_command().await;
        device.acknowledge(&command).await;
        world.reaches(enrolled.id, leave, done()).await;
        assert_eq!(device.closed().await, Some(CloseCode::Done));
        assert_eq!(world.site.turned_away(&enrolled).await, Some(CloseCode::Unenrolled));
        assert!(world.try_submit(enrolled.id, Action::SyncDevice).await.is_err());

        let again = world.enrol(enrolled.facts.clone()).await;
        assert_ne!(again.id, enrolled.id);
        drop(world.site.ready(&again).await);
    }
}

#[tokio::test]
async fn lost_mode_comes_back_after_an_erase_if_the_server_is_told_so() {
    let lost = Action::EnableLostMode {
        message: Some("please call".to_owned()),
        phone_number: None,
        footer: None,
    };
    let wipe = Action::Wipe { persist_esim_data_plan: false, keep_enrollment_data: false };
    for (lost_mode_after_erase, wanted) in
        [(LostModeAfterErase::Reapplied, Some(lost.clone())), (LostModeAfterErase::Forgotten, None)]
    {
        let run = tempfile::tempdir().unwrap();
        let readings = Readings { lost_mode_after_erase, ..Readings::default() };
        let config = ServerConfig { readings, ..config(&run.path().join("data")) };
        let world = World::started(run, config).await;
        let (enrolled, mut device) = world.ready().await;
        for action in [lost.clone(), wipe.clone()] {
            let asked = world.submit(enrolled.id, action).await;
            let command = device.hear_command().await;
            device.acknowledge(&command).await;
            world.reaches(enrolled.id, asked, done()).await;
        }
        let again = world.enrol(enrolled.facts.clone()).await;
        let record = world.record(again.id).await;
        let asked: Vec<Action> = record.commands().map(|row| row.action.clone()).collect();
        assert_eq!(asked, wanted.into_iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn of_many_that_claim_one_serial_number_at_once_one_stays_enrolled() {
    let world = World::new().await;
    let token = world.reusable().await;
    let facts = iphone();
    let enrol = || world.site.enrol(&token, facts.clone());
    let (a, b, c, d) = tokio::join!(enrol(), enrol(), enrol(), enrol());
    assert_eq!(world.enrolled().await, 1);
    let mut served = 0;
    for life in [a, b, c, d] {
        match world.record(life.id).await.lifecycle {
            Lifecycle::Enrolled => {
                drop(world.site.ready(&life).await);
                served += 1;
            }
            Lifecycle::Unenrolled { .. } => {
                let code = world.site.turned_away(&life).await;
                assert_eq!(code, Some(CloseCode::CertificateSuperseded));
            }
        }
    }
    assert_eq!(served, 1);
}
