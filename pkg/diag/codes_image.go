package diag

// Codes 38x and 39x: images and their lock file, reported by pkg/image,
// pkg/render and the lock command, and what closes the range.
const (
	CodeLockInvalid      Code = "GTY380"
	CodeLockVersion      Code = "GTY381"
	CodeImageNotLocked   Code = "GTY382"
	CodeImageNotPinned   Code = "GTY383"
	CodeImageNotFound    Code = "GTY384"
	CodeImageAuth        Code = "GTY385"
	CodeImageUnreachable Code = "GTY386"
	CodeImagePlatform    Code = "GTY387"
	CodeImageReference   Code = "GTY388"
	CodeImageArchive     Code = "GTY389"
	CodeImageUser        Code = "GTY390"
	CodeImageUnreadable  Code = "GTY391"
	CodeImageGives       Code = "GTY392"
	CodeInternal         Code = "GTY399"
)

func imageCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeLockInvalid, Severity: Error, Title: "gantry.lock is invalid",
			Doc: "The lock file is not YAML, has a key that this gantry does not know, or a value that the key cannot have. It is written by `gantry compose lock`, which replaces it."},
		{Code: CodeLockVersion, Severity: Error, Title: "gantry.lock has another version",
			Doc: "The lock file was written by a gantry whose format is another one."},
		{Code: CodeImageNotLocked, Severity: Info, Title: "an image is not in gantry.lock",
			Doc: "There is a lock file, but the service's image, or its platform, is not in it: what the image says of itself (EXPOSE, USER, HEALTHCHECK, VOLUME) is not used. `gantry compose lock SERVICE` adds it."},
		{Code: CodeImageNotPinned, Severity: Warning, Title: "an image is not pinned",
			Doc: "gantry.lock asks for images by digest (`gantry compose lock --pin`), but has no digest of this one: it is not locked, or was read from an archive that does not tell the digest which a registry would give it."},
		{Code: CodeImageNotFound, Severity: Error, Title: "an image is not in its registry",
			Doc: "The registry answers that it has no such repository or tag. An image that is built here must be pushed first, or be read from an archive with `gantry compose lock --archive IMAGE=PATH`."},
		{Code: CodeImageAuth, Severity: Error, Title: "a registry refuses the credentials",
			Doc: "The registry asks for credentials, or refuses those of docker's configuration. Many registries answer the same for a repository that does not exist. Log in with `docker login`."},
		{Code: CodeImageUnreachable, Severity: Error, Title: "a registry cannot be reached",
			Doc: "The registry's name does not resolve, nothing answers there, its certificate is not trusted, or it asks to come back later."},
		{Code: CodeImagePlatform, Severity: Error, Title: "an image is not made for the platform",
			Doc: "The image exists, but not for the service's platform, or for that of `gantry compose lock --platform`. An image for one platform alone that is another one is a warning, as Docker runs it too."},
		{Code: CodeImageReference, Severity: Error, Title: "the name of an image is invalid",
			Doc: "Names of images are [REGISTRY/]NAME[:TAG][@DIGEST] in lower-case letters."},
		{Code: CodeImageArchive, Severity: Error, Title: "an archive of an image cannot be used",
			Doc: "The file is neither an archive of `docker save` nor an OCI layout (a directory or a tar file), is damaged, or does not hold the image."},
		{Code: CodeImageUser, Severity: Error, Title: "a user or group is not in the image",
			Doc: "The image's /etc/passwd or /etc/group has no such name, so that the container would not start under Docker either. Of the image's own USER it is a warning."},
		{Code: CodeImageUnreadable, Severity: Error, Title: "an image cannot be read",
			Doc: "The registry's answer or the archive's content is not what an image consists of, or is larger than what is read of one."},
		{Code: CodeImageGives, Severity: Info, Title: "a service takes something from its image",
			Doc: "The image's configuration, as gantry.lock has it, adds what the Compose file does not say: ports (EXPOSE), the user (USER), the healthcheck (HEALTHCHECK), anonymous volumes (VOLUME). What the Compose file says wins."},
		{Code: CodeInternal, Severity: Error, Title: "an object could not be encoded", Doc: "A fault in gantry itself: please report it with the Compose file that shows it."},
	}
}
