//! `muster server`

mod disk;
mod greeting;

use std::path::Path;

use clap::ValueEnum;
use muster_admin::{AdminOptions, Filters, Strictness, Throttling};
use muster_control::{
    CorporateProfileRetire, DeviceOwnerReset, LostModeAfterErase, PersonalProfileLock, Readings,
};
use muster_metrics::Reach;
use muster_server::{
    AccessError, Exposure, RetryFault, Server, ServerConfig, ServerError, VendorAccess,
};

use self::greeting::{details, greeting};
use super::interrupted;
use crate::cli::ServerArgs;
use crate::exit::{Exit, usage_error};
use crate::metrics;
use crate::talk::{Format, print, print_json, say};

/// A reading of the documents that is not the default one, where they contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reading {
    /// Of device owners only dedicated devices get a passcode reset
    DedicatedOnly,
    /// Personally-owned devices with a work profile are not locked
    NoPersonalProfileLock,
    /// Corporate-owned devices with a work profile can be retired
    RetireCorporateProfile,
    /// Lost Mode comes back after an erase
    ReapplyLostMode,
}

/// The defaults, but for what was asked otherwise.
fn readings(chosen: &[Reading]) -> Readings {
    let mut readings = Readings::default();
    for reading in chosen {
        match reading {
            Reading::DedicatedOnly => readings.device_owner_reset = DeviceOwnerReset::DedicatedOnly,
            Reading::NoPersonalProfileLock => {
                readings.personal_profile_lock = PersonalProfileLock::Refused;
            }
            Reading::RetireCorporateProfile => {
                readings.corporate_profile_retire = CorporateProfileRetire::Supported;
            }
            Reading::ReapplyLostMode => {
                readings.lost_mode_after_erase = LostModeAfterErase::Reapplied;
            }
        }
    }
    readings
}

pub(super) async fn run(args: &ServerArgs, format: Format) -> anyhow::Result<Exit> {
    let activation = args.activation_folder.clone().map(VendorAccess::in_folder);
    let config = ServerConfig {
        quic: args.quic,
        admin: args.admin,
        data: args.data.clone(),
        exposure: if args.allow_non_loopback { Exposure::Anywhere } else { Exposure::LoopbackOnly },
        names: args.name.clone(),
        command_lifetime: args.command_lifetime,
        activation: activation.clone(),
        push: args.push_folder.clone().map(VendorAccess::in_folder),
        readings: readings(&args.reading),
        intercept: args.intercept,
        api: admin_options(args),
        crash_at: args.crash_at.clone(),
        retry: retry(args),
        skew: muster_transport::Skew::default(),
        watch: None,
    };
    let server = match Server::start(config).await {
        Err(exposed @ ServerError::Exposed(_)) => return Err(usage_error(exposed.to_string())),
        started => started?,
    };
    let reach = if args.allow_non_loopback { Reach::Anywhere } else { Reach::LoopbackOnly };
    let face = metrics::serve(args.metrics, reach, vec![Box::new(server.metrics())]).await?;
    let page = face.as_ref().map(metrics::url);
    if let Some(advice) = server.socket_buffers().shortfall() {
        say(&format!("warning: {advice}"));
    }
    if let Some(advice) = nameless(args) {
        say(&advice);
    }
    if let Some(Err(error)) = activation.as_ref().map(VendorAccess::address) {
        say(&not_known_yet(args, &error));
    }
    match format {
        Format::Text => print(&greeting(&server, args, page.as_deref())),
        Format::Json => print_json(&details(&server, args, page.as_deref()))?,
    }
    tokio::select! {
        () = interrupted() => {}
        () = disk::ail(server.disk(), args) => {}
    }
    say("stopping: handing back what is in flight");
    let totals = server.stop().await;
    say(&format!(
        "stopped: {} commands accepted, {} ended in this run",
        totals.accepted, totals.terminal
    ));
    Ok(Exit::Ok)
}

/// What to do about an admin API that others can reach, but not recognise.
fn nameless(args: &ServerArgs) -> Option<String> {
    let everywhere = args.admin.ip().is_unspecified();
    (everywhere && args.name.is_empty()).then(|| {
        "warning: the certificate names loopback addresses only, so clients of the admin API \
         elsewhere refuse it; say by which name they connect: --name NAME"
            .to_owned()
    })
}

/// What to do about an activation service that has not shown itself.
fn not_known_yet(args: &ServerArgs, error: &AccessError) -> String {
    let folder = args.activation_folder.as_deref().unwrap_or(Path::new("")).display();
    format!(
        "warning: {error} ({folder}): bypassActivationLock stays pending until \
         `muster fleet --activation-service 127.0.0.1:9443 --activation-folder {folder}` runs"
    )
}

/// Whether devices have to show first that they receive where they say they are.
fn retry(args: &ServerArgs) -> RetryFault {
    let retry = RetryFault::default();
    if args.retry {
        retry.begin();
        say("each connect is answered with a Retry packet first");
    }
    retry
}

/// How closely the admin API follows the service.
fn admin_options(args: &ServerArgs) -> AdminOptions {
    AdminOptions {
        strictness: if args.strict { Strictness::Strict } else { Strictness::Explained },
        throttling: if args.throttle { Throttling::Documented } else { Throttling::Off },
        filters: if args.strict_odata { Filters::Documented } else { Filters::Generous },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_changes_what_the_server_does() {
        assert_eq!(readings(&[]), Readings::default());
        for reading in Reading::value_variants() {
            assert_ne!(readings(&[*reading]), Readings::default(), "{reading:?}");
        }
    }
}
