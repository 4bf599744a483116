package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
)

// code has the user grant access, and returns the authorization code. It waits for the browser's redirect, if there is a
// callback, and at the same time for a pasted address.
func (l *loginCommand) code(ctx context.Context, callback *auth.Callback, s bitbucket.Settings, address, state string) (string, error) {
	wait := &codeWait{loginCommand: l, settings: s, state: state, timeout: time.After(l.timeout), opened: make(chan error, 1)}
	if callback != nil {
		wait.redirected = callback.Answers()
	}
	_, wait.onTerminal = terminalFd(l.in)
	wait.begin(address)
	for {
		l.say(wait.prompt())
		code, again, err := wait.next(ctx, address)
		if !again {
			return code, err
		}
	}
}

// A codeWait is the wait for an authorization code.
type codeWait struct {
	*loginCommand
	settings   bitbucket.Settings
	state      string
	redirected <-chan auth.Answer // nil if nothing listens
	timeout    <-chan time.Time
	opened     chan error // the result of opening the browser
	onTerminal bool
	isOpen     bool // the browser was opened, or at least tried
	inputEnded bool
}

// mayOpen reports whether the browser can be opened here.
func (w *codeWait) mayOpen() bool { return !w.noBrowser && w.redirected != nil }

// begin says what to do, and as whom, before the browser opens.
func (w *codeWait) begin(address string) {
	w.say("Open this address in a browser, and grant access:\n\n  " + address + "\n\n" +
		"Sign in there as the dedicated user, whose rights decide what the tables show. If your browser is signed in as yourself, open the address in a private window.\n\n")
	if w.redirected == nil && !w.noBrowser {
		w.say(fmt.Sprintf("The callback URL %s is not on this machine, so the address has to be pasted here.\n\n", w.callback))
	} else {
		w.say(fmt.Sprintf("If Bitbucket shows an error, make sure that the callback URL of the consumer is %s\n\n", w.callback))
	}
	if w.mayOpen() && !w.onTerminal {
		w.open(address)
	}
}

func (w *codeWait) open(address string) {
	w.isOpen = true
	go func() { w.opened <- w.browse(address) }()
}

func (w *codeWait) prompt() string {
	switch {
	case w.inputEnded:
		return ""
	case w.mayOpen() && !w.isOpen:
		return "Press Enter to open it in your browser, or paste the address that the browser ended up at: "
	case w.redirected != nil:
		return "Waiting for the browser. If it can't show the last page, paste its address here: "
	}
	return "The browser ends up at a page that it may not be able to show. Paste the address of this page: "
}

// next waits for one thing to happen. again says that it was not the end of the wait.
func (w *codeWait) next(ctx context.Context, address string) (code string, again bool, err error) {
	var typed <-chan typedLine
	if !w.inputEnded {
		typed = w.line()
	}
	select {
	case answer := <-w.redirected:
		fmt.Fprintln(w.err)
		return answer.Code, false, answer.Err
	case err := <-w.opened:
		if err == nil {
			return w.next(ctx, address)
		}
		w.say("\nThe browser could not be opened: open the address above yourself.\n")
		return "", true, nil
	case line := <-typed:
		w.taken()
		return w.typed(line, address)
	case <-w.timeout:
		fmt.Fprintln(w.err)
		return "", false, fmt.Errorf("access was not granted within %s (--timeout). Log in again; if the browser shows an error page at the end, "+
			"copy its address and paste it here", w.loginCommand.timeout)
	case <-ctx.Done():
		fmt.Fprintln(w.err)
		return "", false, ctx.Err()
	}
}

// typed takes a line of the user.
func (w *codeWait) typed(line typedLine, address string) (code string, again bool, err error) {
	switch {
	case line.text == "" && line.err != nil && w.redirected == nil:
		fmt.Fprintln(w.err)
		return "", false, misconfigured("standard input ended, and no address was pasted: run the login on a terminal, or give it the address on standard input")
	case line.text == "" && line.err != nil:
		w.inputEnded = true
		if !errors.Is(line.err, io.EOF) {
			w.say("\nStandard input can't be read: only the browser can answer now.\n")
		}
		return "", true, nil
	case line.text == "":
		if w.mayOpen() {
			w.open(address)
		}
		return "", true, nil
	}
	if line.text == w.settings.ConsumerSecret || line.text == w.settings.ConsumerKey { // it is still in the clipboard
		w.say("This is the key or the secret of the consumer, and not the address.\n")
		return "", true, nil
	}
	code, err = auth.ParseRedirect(line.text, w.state)
	if auth.IsNotThisLogin(err) { // for example, the clipboard had something else
		w.say("This does not help: " + err.Error() + ".\n")
		return "", true, nil
	}
	return code, false, err
}
