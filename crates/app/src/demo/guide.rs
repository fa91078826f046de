//! What the demo says once it runs.

use super::Running;
use anyhow::Result;
use lionrock_rehearsal::people::Role;
use serde_json::json;

/// Prints the guide, or one line of JSON with all addresses.
///
/// # Errors
/// Never; kept for the day when printing can fail.
#[allow(clippy::print_stdout)]
pub fn show(running: &Running, as_json: bool) -> Result<()> {
    let by_role = |role: Role| running.people.iter().filter(move |person| person.role == role);
    let camera: Vec<_> = by_role(Role::Camera).map(|person| person.slug.as_str()).collect();
    let ready: Vec<_> = by_role(Role::PreRegistered).map(|person| person.slug.as_str()).collect();
    let folder = running.folder.path();
    let ca = running.folder.tls(running.tls_key)?.ca;
    if as_json {
        let line = json!({"issuer": running.issuer, "service": running.service, "pki": running.pki, "data": folder, "ca": ca, "camera": camera, "registered": ready, "staff": running.staff, "officers": running.officers});
        println!("{line}");
        return Ok(());
    }
    let first = camera.first().copied().unwrap_or_default();
    let people = running.folder.people();
    println!(
        "Lionrock runs with synthetic people only.\n\n\
         Open       {issuer}          the platform: register, sign in\n\
         \x20          {service}          a demo online service to log in to\n\
         \x20          {issuer}/mailbox  letters it would have sent\n\
         \x20          {staff}          the staff house, for officers: {officers}\n\
         \x20          POST {service}/officer/NAME/sign-in signs one of them in for an HTTP driver\n\
         Trust      {ca}\n\
         \x20          the development CA of this folder; or accept the browser's warning\n\n\
         Register   as {first}: card and face pictures are in\n\
         \x20          {people}/{first}\n\
         \x20          (also: {others})\n\
         Registered already, with software phones: {ready}\n\
         \x20          POST {service}/phone/NAME/sign-in  {{\"url\": …}} signs one of them in for an HTTP driver\n\n\
         Check      lionrock verify log {folder}/ledger\n\
         Walk       lionrock demo --walk --data {folder}   goes through the whole journey by itself\n\
         Stop       Ctrl-C",
        issuer = running.issuer,
        service = running.service,
        staff = running.staff,
        officers = running.officers.join(", "),
        ca = ca.display(),
        people = people.display(),
        others = camera.get(1..).unwrap_or_default().join(", "),
        ready = ready.join(", "),
        folder = folder.display(),
    );
    Ok(())
}
