package credentials

import (
	"strings"

	"github.com/magiconair/properties"
	ini "gopkg.in/ini.v1"
)

// section is where authlete.ini has its keys; those outside of sections count, too.
const section = "authlete"

// fromFiles returns the values of the files among the data.
func fromFiles(data map[string][]byte) (map[string]string, error) {
	iniFile, hasINI := data[FileINI]
	propertiesFile, hasProperties := data[FileProperties]
	switch {
	case hasINI && hasProperties:
		return nil, &Error{Key: FileProperties, Detail: "there is an authlete.ini, too: keep one of them"}
	case hasINI:
		return fromINI(iniFile)
	case hasProperties:
		return fromProperties(propertiesFile)
	default:
		return map[string]string{}, nil
	}
}

// fromINI reads authlete.ini as Python's configparser does, which knows no comments behind values, takes names of keys in
// any case, and quotes and backslashes as they are.
func fromINI(content []byte) (map[string]string, error) {
	file, err := ini.LoadSources(ini.LoadOptions{
		IgnoreInlineComment: true, InsensitiveKeys: true, KeyValueDelimiters: "=:", PreserveSurroundedQuote: true, IgnoreContinuation: true,
	}, content)
	if err != nil {
		return nil, &Error{Key: FileINI, Detail: "it is not an INI file"} // the cause would quote a line
	}
	values := map[string]string{}
	for _, name := range []string{"DEFAULT", section} {
		for _, key := range file.Section(name).Keys() {
			// A percent sign is written twice: configparser would interpolate after a single one.
			values[key.Name()] = strings.TrimSpace(strings.ReplaceAll(key.Value(), "%%", "%"))
		}
	}
	return values, nil
}

// fromProperties reads authlete.properties, the form of the Java libraries.
func fromProperties(content []byte) (map[string]string, error) {
	loader := properties.Loader{Encoding: properties.UTF8, DisableExpansion: true}
	file, err := loader.LoadBytes(content)
	if err != nil {
		return nil, &Error{Key: FileProperties, Detail: "it is not a properties file"} // the cause would quote a line
	}
	values := map[string]string{}
	for _, key := range file.Keys() {
		values[key] = strings.TrimSpace(file.GetString(key, ""))
	}
	return values, nil
}
