package apps

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	// The password of the tutorial, as its kustomization has it, and the next one.
	tutorialPassword = "YOUR_PASSWORD"
	changedPassword  = "A_CHANGED_PASSWORD"
	postTitle        = "Written through the published Service"
)

// testWordPress goes through the tutorial with the example as it stands: only
// the images' names differ.
func testWordPress(t *testing.T, s *store) {
	a := newApp(t, "wordpress", s, map[string]string{"wordpress": "wordpress", "mysql": "mysql"})
	watch := a.watchForSecrets(tutorialPassword, changedPassword)
	a.compose("service", "up")
	b := a.browse("wordpress", "blog.test")
	a.eventually(func() error { return b.shows("/", "WordPress &rsaquo; Installation") })
	a.installWordPress(b)
	a.writePost(b)
	a.eventually(func() error { return b.shows("/", postTitle) })

	a.kubectl("delete", "pod", "-l", "com.docker.compose.service=wordpress-mysql")
	a.eventually(func() error { return b.shows("/", postTitle) })

	a.compose("logs")
	a.compose("down")
	a.compose("up")
	b = a.browse("wordpress", "blog.test")
	a.eventually(func() error { return b.shows("/", postTitle) })

	// A new password reaches the Secret, and no word that gantry says of it.
	change := strings.NewReplacer(tutorialPassword, changedPassword)
	a.edit("kustomization.yaml", change.Replace)
	if diff := a.compose("diff"); !strings.Contains(diff, "mysql-pass") {
		t.Errorf("the new password is no difference: %s", diff)
	}
	a.compose("logs")
	a.compose("up")
	watch.judge()

	a.compose("down", "--volumes")
	a.compose("up")
	b = a.browse("wordpress", "blog.test")
	a.eventually(func() error { return b.shows("/", "WordPress &rsaquo; Installation") })
	a.compose("logs")
	a.compose("down", "--volumes")
	watch.judge()
	a.nothingLeft()
}

// installWordPress fills in the installation page and logs in.
func (a *app) installWordPress(b *browser) {
	a.Helper()
	page, err := b.post("/wp-admin/install.php?step=2", url.Values{
		"weblog_title": {"gantry"}, "user_name": {"admin"}, "admin_password": {"of the blog"}, "admin_password2": {"of the blog"},
		"pw_weak": {"1"}, "admin_email": {"admin@blog.test"}, "blog_public": {"0"}, "language": {""},
	})
	if err != nil || !strings.Contains(page, "WordPress has been installed") {
		a.Fatalf("not installed: %v\n%s", err, page)
	}
	if _, err := b.get("/wp-login.php"); err != nil { // sets the cookie that the form wants back
		a.Fatal(err)
	}
	page, err = b.post("/wp-login.php", url.Values{"log": {"admin"}, "pwd": {"of the blog"}, "testcookie": {"1"}, "redirect_to": {"http://blog.test/wp-admin/profile.php"}})
	if err != nil || !strings.Contains(page, "Log Out") {
		a.Fatalf("not logged in: %v\n%s", err, page)
	}
}

// writePost publishes a post as the editor does, by the API that it uses.
func (a *app) writePost(b *browser) {
	a.Helper()
	nonce, err := b.get("/wp-admin/admin-ajax.php?action=rest-nonce")
	if err != nil {
		a.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{"title": postTitle, "content": "It is kept in the database.", "status": "publish"})
	if err != nil {
		a.Fatal(err)
	}
	if _, err := b.send(http.MethodPost, "/?rest_route=/wp/v2/posts", "application/json", string(body), http.Header{"X-Wp-Nonce": {nonce}}); err != nil {
		a.Fatal(err)
	}
}
