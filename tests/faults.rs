//! What goes wrong around the service, told with the real binary: nothing acknowledged is lost, and it says what and where.

mod crash;
mod database;
mod disk;
mod limits;
mod start;
mod stop;
mod workers;
