//! Crontab lines in a time zone → instants, pure.
