#!/bin/sh
# Generates the passwords, keys and tokens of docker-compose.yml into .env, once. Needs nothing but
# a shell. A file that is there already is kept, for the database remembers its passwords.
set -eu

cd "$(dirname "$0")/.."
FILE=.env

if [ -e "$FILE" ]; then
    echo "$FILE is there already, and is kept."
    exit 0
fi

# 32 random bytes, in the alphabet of URLs
secret() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

umask 077
NEW=$FILE.new
{
    echo "# Written by docker/secrets.sh. Keep it to yourself: it holds passwords."
    for name in FOOTFALL_SUPERUSER_PASSWORD FOOTFALL_OWNER_PASSWORD FOOTFALL_INGEST_PASSWORD \
        FOOTFALL_TRANSFORM_PASSWORD FOOTFALL_SERVING_PASSWORD FOOTFALL_READER_PASSWORD \
        FOOTFALL_AIRFLOW_DATABASE_PASSWORD FOOTFALL_AIRFLOW_PASSWORD FOOTFALL_WRITE_KEY \
        FOOTFALL_READ_TOKEN FOOTFALL_ADMIN_TOKEN FOOTFALL_PRIVACY_SECRET \
        AIRFLOW__API__SECRET_KEY AIRFLOW__API_AUTH__JWT_SECRET; do
        echo "$name=$(secret)"
    done
    # a Fernet key is the same with its padding
    echo "AIRFLOW__CORE__FERNET_KEY=$(secret)="
} >"$NEW"
mv "$NEW" "$FILE"
echo "The secrets are in $FILE."
