# shellcheck shell=bash disable=SC2034 # used by those that source it
# What setup.sh and teardown.sh share: names, inputs, and how a command is run or shown. Runs on bash 3.2 too (macOS).

SERVICE=inkloop
REPOSITORY=inkloop # of images
POOL=inkloop
PROVIDER=github
SECRETS="inkloop-secret-key inkloop-owner-token inkloop-feedback-url"
ACCOUNTS="inkloop-run inkloop-deploy inkloop-retrain"
ENVIRONMENTS="production retraining"
VARIABLES="GCP_PROJECT GCP_REGION GCP_IDENTITY_PROVIDER"
BRANCH=main

dry_run=no
stage=
exec 3>&1 # so that what is shown is seen also where the answer of a command is kept

say() {
    printf '%s\n' "$*" >&3
}

stop() {
    printf '%s\n' "$*" >&2
    stage=
    exit 1
}

begin() {
    stage=$1
    say "# $stage"
}

# Say where it stopped, since what is above is in Google's words.
ended() {
    if [ "$1" -ne 0 ] && [ -n "$stage" ]; then
        printf '%s\n' "Stopped at: $stage. The message above says why. Mend that and run this again:" \
            "it goes on from here, and what is done already stays." >&2
    fi
}
trap 'ended $?' EXIT

# Show a command as a shell would take it. No word of ours has a single quote in it.
show() {
    local word line=
    for word; do
        case $word in
        *[!A-Za-z0-9_./:=@,+-]*) word="'$word'" ;;
        esac
        line="$line $word"
    done
    say "${line# }"
}

run() {
    if [ "$dry_run" = yes ]; then show "$@"; else "$@"; fi
}

cloud() {
    run gcloud "$@" --project="$GCP_PROJECT"
}

# Whether a name is a line of a list, be it ENABLED or enabled: gcloud writes either.
has() {
    printf '%s\n' "$1" | grep -qixF -- "$2"
}

address() {
    printf '%s' "$1@$GCP_PROJECT.iam.gserviceaccount.com"
}

# Whether GitHub's own command can be used for the repository. In a dry run it is taken for so.
github_reachable() {
    [ "$dry_run" = yes ] || { command -v gh >/dev/null && gh auth status >/dev/null 2>&1; }
}

require_project() {
    [[ ${GCP_PROJECT:-} =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] ||
        stop "GCP_PROJECT must be the id of a project, like inkloop-471203 (\`gcloud projects list\` shows yours)." \
            "Received: '${GCP_PROJECT:-}'"
    [[ ${GCP_REGION:-} =~ ^[a-z]+-[a-z]+[0-9]+$ ]] ||
        stop "GCP_REGION must be a region of Cloud Run, like europe-west1 (\`gcloud run regions list\` shows all)." \
            "Received: '${GCP_REGION:-}'"
}

require_repository() {
    [[ ${GITHUB_REPOSITORY:-} =~ ^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$ ]] ||
        stop "GITHUB_REPOSITORY must be OWNER/NAME, as in the address of your fork. Received: '${GITHUB_REPOSITORY:-}'"
}

require_login() {
    [ "$dry_run" = no ] || return 0
    command -v gcloud >/dev/null ||
        stop "There is no gcloud here. Use https://shell.cloud.google.com, where it is, or install it:" \
            "https://cloud.google.com/sdk/docs/install"
    export CLOUDSDK_CORE_DISABLE_PROMPTS=1 # nobody is asked twice, and standard input is for secrets alone
    [ -n "$(gcloud auth list --filter=status:ACTIVE --format='value(account)' </dev/null)" ] ||
        stop "gcloud is not logged in: run \`gcloud auth login\`, then this again."
}
